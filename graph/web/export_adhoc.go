package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/odata"
	"github.com/trama-graph/trama/schema"
)

// adHoc makes a table of the text of a dataset that the body holds. It is read over the
// view's own schema: what the token may not see is a name like any other that there is
// not. name is what the file is to be called, "" as the query is.
func (f *feed) adHoc(w http.ResponseWriter, r *http.Request, name string) (*feedTable, error) {
	text, err := f.questionOf(w, r)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = queryName(text)
	}
	if name == "" {
		return nil, badOption("the question has no name: begin it with `query NAME`")
	}
	d, problems := dataset.Read(name, text, f.view.schema)
	if len(problems) > 0 {
		f.countRefused(f.who, len(problems), f.deniedTo(problems))
		return nil, f.notATable(problems)
	}
	t := newFeedTable(d, f.access.View, f.view.schema, f.cfg.Feed.Sorts)
	if t == nil {
		f.countRefused(f.who, 1, schema.Forbidden)
		return nil, schema.Errorf(schema.Forbidden, "nothing of this may be exported")
	}
	return t, nil
}

// noField is how dataset.Read says that a name does not exist.
var noField = regexp.MustCompile(`^(?:@per: )?(\w+) has no field (\w+)`)

// deniedTo is FORBIDDEN_FIELD where a text asks for what exists for others, "" otherwise.
// Its author is told of a name that there is not, in either case.
func (f *feed) deniedTo(problems []dataset.Problem) (code schema.Code) {
	if f.cfg.Graph == nil || f.cfg.Full == nil {
		return ""
	}
	for _, p := range problems {
		isDenied := deniedIn(gqlerror.List{{Message: p.Reason}}, f.cfg.Graph, f.cfg.Full)
		if m := noField.FindStringSubmatch(p.Reason); m != nil {
			_, exists := f.cfg.Graph.Field(m[1], m[2])
			isDenied = isDenied || exists
		}
		if isDenied {
			code = schema.ForbiddenField
		}
	}
	return code
}

// maxTold is how many problems of a text are told.
const maxTold = 10

func (f *feed) notATable(problems []dataset.Problem) error {
	var told []string
	for _, p := range problems[:min(len(problems), maxTold)] {
		told = append(told, strings.TrimPrefix(p.Error(), p.File+":"))
	}
	text := strings.Join(told, "\n")
	if !f.suggests() {
		text = unsuggested(text)
	}
	return &odata.Error{Kind: odata.KindBadRequest, Message: "the question is no table, by line:\n" + text}
}

// questionOf is the text in the body: as it is, or as a request of GraphQL has it.
func (f *feed) questionOf(w http.ResponseWriter, r *http.Request) (string, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/graphql" && media != "text/plain" && media != plainJSON {
		return "", refuse(http.StatusUnsupportedMediaType, schema.BadRequest, "the body is application/graphql, text/plain, or application/json with a query")
	}
	if codingOf(r.Header) != "" {
		return "", refuse(http.StatusUnsupportedMediaType, schema.BadRequest, "the body must not be compressed")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, f.cfg.MaxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return "", refuse(http.StatusRequestEntityTooLarge, schema.Limited, "the body is larger than %d bytes", f.cfg.MaxBody)
	case err != nil:
		return "", refuse(http.StatusBadRequest, schema.BadRequest, "the body could not be read")
	case media != plainJSON:
		return string(body), nil
	}
	var q struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
	}
	if json.Unmarshal(body, &q) != nil || q.Query == "" {
		return "", badOption("the body is no JSON object with a query")
	}
	if len(q.Variables) > 0 {
		return "", badOption("a dataset has no variables: write the values into the query")
	}
	return q.Query, nil
}

// queryName is the name of the one query of a text, "" where it has none or is none.
func queryName(text string) string {
	if len(text) > dataset.MaxBytes {
		return "query" // it is refused for its length
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, maxNameTokens)
	if err != nil {
		return "query" // and for what is wrong with it
	}
	if len(doc.Operations) != 1 {
		return "query"
	}
	return doc.Operations[0].Name
}

// maxNameTokens bounds what is read for a name: what dataset.Read reads at most.
const maxNameTokens = 16_384
