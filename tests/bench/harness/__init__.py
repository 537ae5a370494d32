# SPDX-License-Identifier: Apache-2.0
"""What `make bench` is made of: see measure.py."""
