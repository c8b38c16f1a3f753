package output

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// style is the number of a cell's format in styles.xml.
type style int

const (
	stylePlain   style = iota
	styleHeader        // bold
	styleText          // numbers that Excel cannot hold
	styleQuoted        // texts that look like formulas
	styleInt           // 0
	styleDate          // yyyy-mm-dd
	styleMoment        // yyyy-mm-dd hh:mm:ss
	styleDecimal       // with no places; the next with one, up to 19
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// contentTypes is the first entry, by which programs tell what the file is; how
// many worksheets there will be is not known then. So worksheets are what a file
// is unless something else is said of it.
const contentTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
	`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
	`<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
	`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
	`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`

const rootRelations = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
	`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`

// styles is xl/styles.xml with the formats of style.
func styles() string {
	const firstFormat = 164 // those below are Excel's own
	formats := []string{"yyyy\\-mm\\-dd", "yyyy\\-mm\\-dd\\ hh:mm:ss"}
	for places := 1; places <= maxScale; places++ {
		formats = append(formats, "0."+strings.Repeat("0", places))
	}
	var b strings.Builder
	b.WriteString(xmlHead + `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`)
	fmt.Fprintf(&b, `<numFmts count="%d">`, len(formats))
	for i, f := range formats {
		fmt.Fprintf(&b, `<numFmt numFmtId="%d" formatCode="%s"/>`, firstFormat+i, f)
	}
	b.WriteString(`</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>`)
	fmt.Fprintf(&b, `<cellXfs count="%d">`, int(styleDecimal)+maxScale+1)
	for _, xf := range []string{
		stylePlain:   `numFmtId="0" fontId="0"`,
		styleHeader:  `numFmtId="0" fontId="1" applyFont="1"`,
		styleText:    `numFmtId="49" fontId="0" applyNumberFormat="1"`,
		styleQuoted:  `numFmtId="0" fontId="0" quotePrefix="1"`,
		styleInt:     `numFmtId="1" fontId="0" applyNumberFormat="1"`,
		styleDate:    `numFmtId="164" fontId="0" applyNumberFormat="1"`,
		styleMoment:  `numFmtId="165" fontId="0" applyNumberFormat="1"`,
		styleDecimal: `numFmtId="1" fontId="0" applyNumberFormat="1"`,
	} {
		b.WriteString(`<xf ` + xf + ` fillId="0" borderId="0" xfId="0"/>`)
	}
	for places := 1; places <= maxScale; places++ {
		fmt.Fprintf(&b, `<xf numFmtId="%d" fontId="0" applyNumberFormat="1" fillId="0" borderId="0" xfId="0"/>`, firstFormat+1+places)
	}
	b.WriteString(`</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`)
	return b.String()
}

// book is xl/workbook.xml.
func (x *XLSX) book() string {
	var b strings.Builder
	b.WriteString(xmlHead + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ` +
		`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>`)
	for n := 1; n <= x.count; n++ {
		name := x.opt.Sheet
		if n > 1 {
			name += " " + strconv.Itoa(n)
		}
		fmt.Fprintf(&b, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, attribute(name), n, n)
	}
	b.WriteString(`</sheets></workbook>`)
	return b.String()
}

// bookRelations is xl/_rels/workbook.xml.rels.
func bookRelations(sheets int) string {
	const kind = `Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	var b strings.Builder
	b.WriteString(xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for n := 1; n <= sheets; n++ {
		fmt.Fprintf(&b, `<Relationship Id="rId%d" %sworksheet" Target="worksheets/sheet%d.xml"/>`, n, kind, n)
	}
	fmt.Fprintf(&b, `<Relationship Id="rId%d" %sstyles" Target="styles.xml"/></Relationships>`, sheets+1, kind)
	return b.String()
}

// appendSheetHead appends what stands before the rows of a worksheet.
func appendSheetHead(b []byte, cols []column, isFirst bool) []byte {
	b = append(b, xmlHead+`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView`...)
	if isFirst {
		b = append(b, ` tabSelected="1"`...)
	}
	b = append(b, ` workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>`+
		`<selection pane="bottomLeft"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/><cols>`...)
	for i, c := range cols {
		b = fmt.Appendf(b, `<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, columnWidth(c))
	}
	return append(b, `</cols><sheetData>`...)
}

// columnWidth returns the width of a column in characters: what its type needs,
// or its name with the filter's button.
func columnWidth(c column) int {
	width := 12
	switch c.Type {
	case String:
		width = 24
	case Decimal:
		width = 16
	case DateTime:
		width = 20
	}
	return min(max(width, utf8.RuneCountInString(c.Name)+4), 60)
}

// columnName returns the letters of a column counted from 0: A, Z, AA, XFD.
func columnName(i int) string {
	name := ""
	for i++; i > 0; i /= 26 {
		i--
		name = string(rune('A'+i%26)) + name
	}
	return name
}

// checkSheet reports names that Excel would refuse to open.
func checkSheet(name string) error {
	if utf8.RuneCountInString(name) > 25 || !utf8.ValidString(name) || strings.ContainsAny(name, `[]:*?/\`) ||
		strings.HasPrefix(name, "'") || strings.HasSuffix(name, "'") || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return errors.New("output: a name that no worksheet can have")
	}
	return nil
}

func attribute(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
