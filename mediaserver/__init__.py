"""The media server: forwards RTP between browsers, never decodes it."""
