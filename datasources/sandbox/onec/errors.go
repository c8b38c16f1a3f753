package onec

import (
	"bytes"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"

	"github.com/trama-graph/trama/datasources/sandbox/odatafake"
)

// reply is one answer.
type reply struct {
	status      int
	contentType string
	header      map[string]string
	body        []byte
}

const (
	jsonType = "application/json;charset=utf-8"
	xmlType  = "application/xml;charset=utf-8"
	atomType = "application/atom+xml;type=feed;charset=utf-8"
	htmlType = "text/html"
)

// fault is an error of 1C: its own code, its HTTP status and a Russian text that repeats names and keys.
type fault struct {
	status int
	code   int
	text   string
}

func (f fault) reply(json bool) reply {
	if json {
		b := []byte(`{"odata.error":{"code":"` + strconv.Itoa(f.code) + `","message":{"lang":"ru","value":`)
		b = odatafake.AppendString(b, f.text)
		return reply{status: f.status, contentType: jsonType, body: append(b, `}}}`...)}
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><m:error xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><m:code>` +
		strconv.Itoa(f.code) + `</m:code><m:message xml:lang="ru">`)
	_ = xml.EscapeText(&b, []byte(f.text)) // a buffer does not fail
	b.WriteString(`</m:message></m:error>`)
	return reply{status: f.status, contentType: xmlType, body: b.Bytes()}
}

func bad(code int, text string) *fault {
	return &fault{http.StatusBadRequest, code, text}
}

// mistake words a mistake in a query.
func mistake(err error, set string) *fault {
	var e *odatafake.Error
	if !errors.As(err, &e) {
		return &fault{http.StatusInternalServerError, 0, err.Error()}
	}
	switch e.Kind {
	case odatafake.ErrProperty:
		if e.Text != "" {
			set = e.Text
		}
		return bad(10, "Свойство \""+e.Name+"\" не найдено у сущности \""+set+"\"")
	case odatafake.ErrFunction:
		return bad(21, "Функция \""+e.Name+"\" не найдена")
	case odatafake.ErrLiteral:
		return bad(4, "Неверное значение: "+e.Name)
	case odatafake.ErrType:
		return bad(4, "Несовместимые типы: "+e.Name)
	case odatafake.ErrOption:
		return bad(14, "Неверное значение \""+e.Text+"\" опции запроса \""+e.Name+"\"")
	}
	return bad(1, "Ошибка разбора выражения в позиции "+strconv.Itoa(e.Pos)+": "+e.Name)
}

func noSet(name string) *fault {
	return &fault{http.StatusNotFound, 8, "Сущность \"" + name + "\" не найдена"}
}

// noRow repeats the key of what was asked for, as 1C does.
func noRow(set, key string) *fault {
	return &fault{http.StatusNotFound, 9, "Экземпляр сущности \"" + set + "(" + key + ")\" не найден"}
}

// denied repeats the name of the record that must not be seen.
func denied(set, name, key string) *fault {
	return &fault{http.StatusUnauthorized, 20, "Недостаточно прав для доступа к записи: " + set + " «" + name + "» (guid'" + key + "')"}
}

func page(status int, title string) reply {
	return reply{status: status, contentType: htmlType, body: []byte(`<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>` + title + `</title></head><body><h1>` + title + `</h1></body></html>
`)}
}
