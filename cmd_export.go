package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trama-graph/trama/graph/dataset"
	"github.com/trama-graph/trama/graph/output"
)

// exportFlags are the command line of trama export.
type exportFlags struct {
	url, tokenFile, tokenEnv string
	format, out, query       string
	columns, filter, order   string
	separator, decimal       string
	noBOM                    bool
	stall                    time.Duration
}

// exportCommand pulls a table of a running server into a file.
func exportCommand() *cobra.Command {
	var o exportFlags
	c := &cobra.Command{
		Use: "export [DATASET]", Args: cobra.MaximumNArgs(1),
		Short: "Pull a table of a running server into a file",
		Long: "Pull a table of a running server into a file, as /export gives it: under the token's policies, whole or not at all.\n" +
			"The file appears when the whole answer has arrived; what breaks off leaves nothing, and ends with 1.\n" +
			"The token comes from --token-file, else from the environment (TRAMA_TOKEN): on the command line everybody could read it.",
		Example: "  trama export invoices --out invoices.xlsx\n" +
			"  trama export order_lines --format csv --separator semicolon --select key,sku,quantity --filter \"order_date ge 2026-01-01T00:00:00Z\"\n" +
			"  trama export --query overdue.graphql --out overdue.parquet --url https://graph.example.com --token-file /run/secrets/trama",
	}
	f := c.Flags()
	f.StringVar(&o.url, "url", "http://127.0.0.1:8080", "the `address` of the server")
	f.StringVar(&o.tokenFile, "token-file", "", "the `file` that holds the token; - is the standard input")
	f.StringVar(&o.tokenEnv, "token-env", "TRAMA_TOKEN", "the environment variable that holds the token, by its `name`")
	f.StringVar(&o.format, "format", "", "csv, xlsx, parquet or ndjson; default what --out ends with, else csv")
	f.StringVarP(&o.out, "out", "o", "", "the `file` to write, in the place of another; - is the standard output; default DATASET.FORMAT")
	f.StringVar(&o.query, "query", "", "instead of a dataset: the text of one, in this `file`")
	f.StringVar(&o.columns, "select", "", "the `columns`, with commas between; default all")
	f.StringVar(&o.filter, "filter", "", "which rows, as OData has it: `date ge 2026-01-01T00:00:00Z`")
	f.StringVar(&o.order, "order", "", "in which order, as OData has it: `date desc,key`")
	f.StringVar(&o.separator, "separator", "", "of CSV: comma, semicolon or tab")
	f.StringVar(&o.decimal, "decimal", "", "of CSV: the decimal `sign`, point or comma")
	f.BoolVar(&o.noBOM, "no-bom", false, "of CSV: without the mark by which Excel knows UTF-8")
	f.DurationVar(&o.stall, "stall", 5*time.Minute, "how `long` the server may send nothing")
	c.RunE = func(c *cobra.Command, args []string) error {
		q, err := o.question(args, c.InOrStdin())
		if err != nil {
			return &usageError{err}
		}
		return q.pull(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
	}
	return c
}

// question checks the flags. Its errors are mistakes of the command line.
func (o *exportFlags) question(args []string, stdin io.Reader) (*export, error) {
	q := &export{flags: o}
	if (len(args) == 1) == (o.query != "") {
		return nil, errors.New("name a dataset, or give --query")
	}
	if o.query == "-" && o.tokenFile == "-" {
		return nil, errors.New("the standard input holds --query or --token-file, not both")
	}
	if o.stall <= 0 {
		return nil, errors.New("--stall must be more than 0")
	}
	name := "query"
	if o.query != "" {
		text, err := readAtMost(o.query, stdin, dataset.MaxBytes)
		if err != nil {
			return nil, fmt.Errorf("--query: %w", err)
		}
		if q.text = string(text); strings.TrimSpace(q.text) == "" {
			return nil, errors.New("--query: it is empty")
		}
		if o.query != "-" {
			name = strings.TrimSuffix(filepath.Base(o.query), filepath.Ext(o.query))
		}
	} else {
		name = args[0]
	}
	if err := q.formatOf(); err != nil {
		return nil, err
	}
	q.out = cmp.Or(o.out, name+"."+string(q.format))
	if o.out == "" && filepath.Base(q.out) != q.out {
		return nil, fmt.Errorf("%q is no name of a dataset", name)
	}
	if o.query == "" {
		q.dataset = name
	}
	var err error
	if q.address, err = o.address(q); err != nil {
		return nil, err
	}
	q.token, err = o.token(stdin)
	return q, err
}

// formatOf is the format that was asked for, or that the file's name says.
func (q *export) formatOf() error {
	o := q.flags
	q.format = output.Format(o.format)
	if q.format == "" {
		q.format = output.Format(strings.TrimPrefix(strings.ToLower(filepath.Ext(o.out)), "."))
		if o.out == "" || o.out == "-" {
			q.format = output.FormatCSV
		}
	}
	if !slices.Contains(output.Formats(), q.format) {
		return errors.New("--format: want csv, xlsx, parquet or ndjson")
	}
	if q.format != output.FormatCSV && (o.separator != "" || o.decimal != "" || o.noBOM) {
		return errors.New("--separator, --decimal and --no-bom are for files of CSV")
	}
	return nil
}

// maxTokenFile is more than any token has.
const maxTokenFile = 4 << 10

// token reads it from where the flags say.
func (o *exportFlags) token(stdin io.Reader) (string, error) {
	text := os.Getenv(o.tokenEnv)
	if o.tokenFile != "" {
		raw, err := readAtMost(o.tokenFile, stdin, maxTokenFile)
		if err != nil {
			return "", fmt.Errorf("--token-file: %w", err)
		}
		text = string(raw)
	}
	switch text = strings.TrimSpace(text); {
	case text == "" && o.tokenFile != "":
		return "", errors.New("--token-file: it holds no token")
	case text == "":
		return "", fmt.Errorf("no token: put it into the environment as %s, or give --token-file", o.tokenEnv)
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", errors.New("what is given as the token is none") // and is not shown
	}
	return text, nil
}

// readAtMost reads a file, or the standard input for "-".
func readAtMost(name string, stdin io.Reader, most int64) ([]byte, error) {
	from := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	}
	raw, err := io.ReadAll(io.LimitReader(from, most+1))
	if err == nil && int64(len(raw)) > most {
		err = fmt.Errorf("it has more than %d bytes", most)
	}
	return raw, err
}
