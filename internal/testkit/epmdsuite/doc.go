// Package epmdsuite runs OTP's own test suite of the port mapper, epmd_SUITE,
// against Fjord under the name epmd. The script run.sh does it for any program;
// the test of this package (build tag interop) does it for the binary under
// test.
package epmdsuite
