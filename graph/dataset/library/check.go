package library

import (
	"fmt"

	"github.com/trama-graph/trama/graph/dataset"
)

// Check says what is wrong with a text before it is saved under a name: all that
// dataset.Read finds, a name that differs from another one in letter case only, and
// one more than there may be. The problems are nil where it can be saved.
func (l *Library) Check(name, text string) []dataset.Problem {
	_, problems := dataset.Read(name, text, l.o.Full)
	c := l.Contents()
	if other := c.alike(name); other != "" {
		problems = append(problems, dataset.Problem{File: name + ".graphql", Reason: fmt.Sprintf("there is %s already: names may not differ in letter case only", other)})
	}
	if c.Entry(name) == nil && len(c.Entries) >= dataset.MaxDatasets {
		problems = append(problems, dataset.Problem{File: name + ".graphql", Reason: fmt.Sprintf("there are %d datasets, which is the limit", dataset.MaxDatasets)})
	}
	return problems
}
