"""Measurements that documentation quotes; each module says what it compares."""
