"""The work after the bell. A stage turns files and a manifest into more of both; run twice, it changes nothing."""
