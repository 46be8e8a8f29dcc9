"""The recorder: writes what arrives, as it arrives, without decoding."""
