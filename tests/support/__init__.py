"""What tests of several folders share: real servers, real requests."""
