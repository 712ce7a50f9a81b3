"""The Village Exchange for Steelyard: an adapter, a schedule, a tactic, and the exchange itself to try them on."""
