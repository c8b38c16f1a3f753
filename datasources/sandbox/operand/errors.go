package operand

import (
	"net/http"
	"strconv"
)

// reply is an answer before it is sent.
type reply struct {
	status      int
	contentType string
	retryAfter  int // seconds, 0 for none
	body        []byte
}

const jsonType = "application/json; charset=utf-8"

func success(body []byte) reply {
	return reply{status: http.StatusOK, contentType: jsonType, body: body}
}

// failed is an error. No contract of error bodies is known (wire/operand.md §2): a JSON object with a Portuguese text is this
// package's invention, and a text may repeat what it was given, tokens too.
func failed(status int, message string) reply {
	return reply{status: status, contentType: jsonType, body: append(appendText([]byte(`{"success":false,"message":`), message), '}')}
}

func badToken(given string) reply {
	return failed(http.StatusForbidden, "Token de acesso inválido: "+given)
}

func deadSession(status int, given string) reply {
	return failed(status, "Sessão expirada ou inválida: "+given)
}

func switchedOff() reply {
	return failed(http.StatusForbidden, "API Operand desativada em Módulos e funções")
}

func noModule(r Resource) reply {
	return failed(http.StatusForbidden, "O token não tem acesso ao módulo "+string(r))
}

func tooMany(wait int) reply {
	return reply{status: http.StatusTooManyRequests, contentType: "text/plain; charset=utf-8", retryAfter: wait, body: []byte("Too Many Requests")}
}

// wrongRoute is the web framework's page, not the API's.
func wrongRoute() reply {
	return page(http.StatusNotFound, "404 | Not Found")
}

func page(status int, title string) reply {
	return reply{status: status, contentType: "text/html; charset=utf-8", body: []byte("<!DOCTYPE html>\n<html lang=\"pt-BR\"><head><title>" + title +
		"</title></head><body><h1>" + title + "</h1></body></html>\n")}
}

// htmlError is what a gateway in front of the API sends.
func htmlError(status int) reply {
	return page(status, strconv.Itoa(status)+" - Operand em manutenção")
}

// ErrorBody is an error object with status 200 for faults.Options.
func ErrorBody(*http.Request) (contentType string, body []byte) {
	return jsonType, failed(http.StatusOK, "Não foi possível processar a solicitação").body
}
