"""All that an admin can ask, do and test. The command line and the pages are its two faces.

Everything here is written against ports; who stands behind them is `gateway.app`'s affair.
"""
