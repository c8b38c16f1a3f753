// Package quota counts what an account uses against what it agreed to
// (policies.Agreement): calls a minute with a burst, cost a minute, rows a day. It
// is called by the doors in graph/web: Call before a request is read, Cost when
// its plan is known, Reserve before it runs and Settle of what was reserved when the
// answer is written.
//
// Counters belong to the account, not to the token: a replaced token does not
// refill them. Calls and cost are counted by the generic cell rate algorithm, in
// Redis by redis_rate, in this process by the same arithmetic (gcra.go); rows by a
// sum that begins anew at midnight UTC.
//
// When Redis does not answer rightly and at once, each instance goes on by its
// share of the limits and says so; it never lets a request wait for Redis to come
// back. The package keeps nothing: what was counted today is told to it.
package quota
