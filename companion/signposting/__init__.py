"""Free text to needs, needs to places that help."""

from companion.signposting.directory import Answer, Directory, load_directory
from companion.signposting.errors import DirectoryError
from companion.signposting.resources import OwnContact, Resource, Shown

__all__ = ["Answer", "Directory", "DirectoryError", "OwnContact", "Resource", "Shown", "load_directory"]
