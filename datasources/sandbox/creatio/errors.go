package creatio

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// reply is one answer, to a request of its own or within a batch.
type reply struct {
	status      int
	contentType string
	header      map[string]string
	body        []byte
}

const (
	jsonType  = "application/json; odata.metadata=minimal; odata.streaming=true"
	errorType = "application/json; charset=utf-8"
	htmlType  = "text/html; charset=utf-8"
)

// failure returns an error body: the code is always empty, the cause lies in the innermost exception.
func failure(status int, message, cause, kind string) reply {
	b := []byte(`{"error":{"code":"","message":`)
	b = odatafake.AppendString(b, message)
	if cause != "" {
		b = append(b, `,"innererror":{"message":`...)
		b = odatafake.AppendString(b, message)
		b = append(b, `,"type":"System.Web.Http.HttpException","stacktrace":"","internalexception":{"message":`...)
		b = odatafake.AppendString(b, cause)
		b = append(b, `,"type":`...)
		b = odatafake.AppendString(b, kind)
		b = append(b, `,"stacktrace":""}}`...)
	}
	b = append(b, `}}`...)
	return reply{status: status, contentType: errorType, body: b}
}

const invalidQuery = "The query specified in the URI is not valid. "

// mistake words a mistake in a query the way Microsoft's OData library does.
func mistake(err error, table string) reply {
	const kind = "Microsoft.OData.ODataException"
	bad := func(text string) reply {
		return failure(http.StatusBadRequest, invalidQuery+text, text, kind)
	}
	var e *odatafake.Error
	if !errors.As(err, &e) {
		return failure(http.StatusInternalServerError, "An error has occurred.", err.Error(), "System.Exception")
	}
	switch e.Kind {
	case odatafake.ErrProperty:
		if e.Text != "" {
			table = e.Text
		}
		return bad("Could not find a property named '" + e.Name + "' on type 'Terrasoft.Configuration." + table + "'.")
	case odatafake.ErrType:
		l, r, ok := strings.Cut(e.Name, "/")
		if !ok {
			return bad("No function signature for the function with name '" + e.Name + "' matches the specified arguments.")
		}
		return bad("A binary operator with incompatible types was detected. Found operand types '" + edm(l) + "' and '" + edm(r) + "'.")
	case odatafake.ErrFunction:
		return bad("An unknown function with name '" + e.Name + "' was found.")
	case odatafake.ErrForeignKey:
		// Reported as a server error by those who met it: the ORM looks for a lookup where the query has a scalar.
		return failure(http.StatusInternalServerError, "An error has occurred.",
			"Column by path "+e.Name+" not found in schema "+e.Text+".", "Terrasoft.Common.ItemNotFoundException")
	case odatafake.ErrLiteral:
		return bad("Unrecognized literal '" + e.Name + "' at position " + strconv.Itoa(e.Pos) + ".")
	case odatafake.ErrOption:
		return bad("Invalid value '" + e.Text + "' for " + e.Name + " query option found.")
	}
	return bad("Syntax error at position " + strconv.Itoa(e.Pos) + ".")
}

// edm returns the version 4 name of a type.
func edm(kind string) string {
	switch kind {
	case "Edm.DateTime":
		return "Edm.DateTimeOffset"
	case "Edm.Int64":
		return "Edm.Int32"
	}
	return kind
}

// iisPage is an error page of the web server, which has never heard of OData.
func iisPage(status int, title string) reply {
	return reply{status: status, contentType: "text/html", body: []byte(`<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>` + title + `</title></head>
<body><div id="header"><h1>Server Error</h1></div><div id="content"><h2>` + title + `</h2></div></body></html>
`)}
}

func notFoundPage() reply {
	return iisPage(http.StatusNotFound, "404 - File or directory not found.")
}

// loginPage is what an application host shows to somebody without a session.
func loginPage() reply {
	return reply{status: http.StatusOK, contentType: htmlType, body: []byte(`<!DOCTYPE html>
<html><head><title>Creatio</title></head><body><form id="loginForm" action="/ServiceModel/AuthService.svc/Login"><input name="UserName"><input name="UserPassword" type="password"></form></body></html>
`)}
}
