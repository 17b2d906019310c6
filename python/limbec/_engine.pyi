#: The number of the interface between the binary and the engine.
ABI: int
__version__: str
