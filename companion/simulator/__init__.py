"""A stand-in for Twilio, with phones in the browser. It knows nothing of the service that talks to it."""
