// Package canary is a world of two systems in which every cell holds something
// that occurs nowhere else, so that a test can look for it in the raw bytes of
// answers, headers and logs and say which field of which row has got out. It is
// called by the leak matrix in e2e, and knows nothing of how Trama reads it.
package canary
