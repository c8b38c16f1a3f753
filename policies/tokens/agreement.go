package tokens

import (
	"slices"
	"strings"
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/schema"
)

// Agreement is what an account agreed to: packages and limits.
type Agreement = policies.Agreement

// DefaultAgreement is what an account without an agreement has: every limit is the
// server's, and a token has the packages it was granted. It is built in and cannot
// be saved.
const DefaultAgreement = "default"

// Bounds of an agreement, against typing errors: an overlap of years is none.
const (
	maxOverlap  = 30 * 24 * time.Hour
	maxTime     = time.Hour
	maxAnswer   = time.Hour
	maxPackages = 100
	// maxCount is what GraphQL's Int can show (September 2025, §3.5.1).
	maxCount = 1<<31 - 1
)

// checkAgreement reports what is wrong with an agreement.
func checkAgreement(a *Agreement, known []string) error {
	if err := checkName("agreement", a.Name); err != nil {
		return err
	}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"calls a minute", int64(a.CallsPerMinute)},
		{"the burst", int64(a.Burst)},
		{"cost a minute", a.CostPerMinute},
		{"rows a day", a.RowsPerDay},
		{"the cost of an operation", a.MaxCost},
		{"the depth", int64(a.MaxDepth)},
		{"the number of aliases", int64(a.MaxAliases)},
		{"the number of root fields", int64(a.MaxRootFields)},
		{"the number of lexical tokens", int64(a.MaxTokens)},
		{"the size of a page", int64(a.MaxPage)},
		{"the rows of an answer", int64(a.MaxRows)},
	} {
		if n.value < 0 {
			return schema.Errorf(schema.BadRequest, "%s cannot be less than 0", n.name)
		}
		if n.value > maxCount {
			return schema.Errorf(schema.BadRequest, "%s cannot be more than %d", n.name, maxCount)
		}
	}
	if a.Overlap < 0 || a.Overlap > maxOverlap {
		return schema.Errorf(schema.BadRequest, "the overlap is between 0 and %d days", maxOverlap/(24*time.Hour))
	}
	if a.MaxTime < 0 || a.MaxTime > maxTime {
		return schema.Errorf(schema.BadRequest, "the time of an operation is between 0 and %s", maxTime)
	}
	if a.AnswerCache < 0 || a.AnswerCache > maxAnswer {
		return schema.Errorf(schema.BadRequest, "answers are kept between 0 and %s", maxAnswer)
	}
	return checkPackages(a.Packages, known)
}

// checkPackages refuses packages that do not exist. known nil means that nobody
// knows which do.
func checkPackages(names, known []string) error {
	if len(names) > maxPackages {
		return schema.Errorf(schema.BadRequest, "more than %d packages", maxPackages)
	}
	for _, n := range names {
		if err := checkName("package", n); err != nil {
			return err
		}
		if known != nil && !slices.Contains(known, n) {
			return schema.Errorf(schema.BadRequest, "there is no package %q; there are %s", n, strings.Join(known, ", "))
		}
	}
	return nil
}

// within returns what of a token's packages its agreement has as it is now.
func within(packages []string, a *Agreement) []string {
	if a.Name == DefaultAgreement {
		return packages
	}
	var out []string
	for _, p := range packages {
		if slices.Contains(a.Packages, p) {
			out = append(out, p)
		}
	}
	return out
}

// unique sorts names and leaves each in once; nil stays nil.
func unique(names []string) []string {
	if names == nil {
		return nil
	}
	out := append([]string{}, names...)
	slices.Sort(out)
	return slices.Compact(out)
}
