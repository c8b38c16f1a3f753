package web

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/trama-graph/trama/schema"
)

// fitInts refuses what is no Int for a variable that is one, as the validator does for
// literals: a whole number of 32 bits (GraphQL specification of October 2021, 3.5.1). The
// coercion behind it takes texts, and the nearest Int for what is none.
func fitInts(op *ast.OperationDefinition, values map[string]any) error {
	for _, v := range op.VariableDefinitions {
		if v.Type.NamedType != "Int" {
			continue
		}
		value, isGiven := values[v.Variable]
		if !isGiven || value == nil {
			continue
		}
		switch n := value.(type) {
		case json.Number:
			if _, err := strconv.ParseInt(n.String(), 10, 32); err == nil {
				continue
			}
		case int: // who asks within this process
			if n >= math.MinInt32 && n <= math.MaxInt32 {
				continue
			}
		case int64:
			if n >= math.MinInt32 && n <= math.MaxInt32 {
				continue
			}
		}
		return schema.Errorf(schema.BadRequest, "variable $%s is of type Int: a whole number of 32 bits", v.Variable)
	}
	return nil
}
