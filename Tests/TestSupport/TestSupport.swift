/// Helpers that several test suites share.
public enum TestSupport {}
