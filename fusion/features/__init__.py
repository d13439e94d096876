"""Frozen prefixes run once: what they give is stored, and only what comes after it trains."""
