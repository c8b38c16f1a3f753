// Package usage counts what tokens ask and finds the habits of asking that cost
// more than they must. The doors tell a Recorder of every operation they answered;
// administrators ask it what was used (Query) and what could be asked better
// (Advice), and each token sees the advice about itself. Counts are kept by hour in
// the store.
//
// It never keeps a value of a row or of a variable: operations are known by the
// hash of their normalised text, variables and answers by sums that mean nothing
// outside the process. It decides nothing: limits are package quota's.
package usage
