"""The embedded AWS emulator: moto's server, plus what moto lacks, in a process of its own."""

from tests.support.emulator.process import Emulator, EmulatorSession

__all__ = ["Emulator", "EmulatorSession"]
