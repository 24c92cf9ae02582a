"""The front door of the engine: a Linker and its groups of commands, in the words Splink's users know."""
