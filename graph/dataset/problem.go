package dataset

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// Problem is why a dataset is refused.
type Problem struct {
	File   string // NAME.graphql
	Line   int    // from 1; 0: the whole file
	Reason string // for who wrote it; holds names of the schema and of the file
}

// Error is file:line: reason.
func (p Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Reason
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ": " + p.Reason
}

// maxProblems is how many are told of one file.
const maxProblems = 20

// problems are those of one file, each line and reason once.
type problems struct {
	file string
	list []Problem
}

func (p *problems) add(at *ast.Position, format string, args ...any) {
	line := 0
	if at != nil {
		line = at.Line
	}
	p.addLine(line, fmt.Sprintf(format, args...))
}

func (p *problems) addLine(line int, reason string) {
	found := Problem{File: p.file, Line: line, Reason: reason}
	if !p.full() && !slices.Contains(p.list, found) {
		p.list = append(p.list, found)
	}
}

func (p *problems) full() bool { return len(p.list) >= maxProblems }

func (p *problems) sorted() []Problem {
	slices.SortStableFunc(p.list, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return p.list
}
