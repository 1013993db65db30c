package data

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// tableKind is how the rows of a table are written.
type tableKind int

const (
	commaTable tableKind = iota + 1 // RFC 4180
	tabTable
	jsonTable // an object in each line
)

// tableKinds are those of names that end so.
var tableKinds = map[string]tableKind{
	".csv": commaTable, ".tsv": tabTable, ".tab": tabTable, ".jsonl": jsonTable, ".ndjson": jsonTable,
}

// listRow is a row of a table.
type listRow struct {
	line                              int // from 1
	path, label, group, object, split string
	why                               error  // why it means nothing; nil where it may mean something
	at                                string // the path in the tree
	of                                Split
	where                             string // the table and the line
}

// parseTable reads the rows of a table. What is wrong with one row is told by the row; an error is what
// makes all useless, such as a column that is not there.
func parseTable(content []byte, kind tableKind, columns ListColumns) ([]listRow, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff")) // The mark with which some editors begin UTF-8.
	if !utf8.Valid(content) {
		return nil, errors.New("it is not in UTF-8")
	}
	if kind == jsonTable {
		return parseJSONRows(content, columns)
	}
	return parseDelimitedRows(content, kind, columns)
}

// fields are the columns that are read, with where their values go.
func (c ListColumns) fields(row *listRow) map[string][]*string {
	to := map[string][]*string{}
	for _, column := range []struct {
		name  string
		value *string
	}{{c.Path, &row.path}, {c.Label, &row.label}, {c.Group, &row.group}, {c.Object, &row.object}, {c.Split, &row.split}} {
		if column.name != "" && column.name != NoColumn {
			to[column.name] = append(to[column.name], column.value)
		}
	}
	return to
}

// noColumn is the error of a column that is not there.
func noColumn(name string, columns []string) error {
	const most = 20
	more := ""
	if len(columns) > most {
		columns, more = columns[:most], ", ..."
	}
	return fmt.Errorf("it has no column %s; its columns are %s%s", name, strings.Join(columns, ", "), more)
}

// parseDelimitedRows reads .csv and .tsv.
func parseDelimitedRows(content []byte, kind tableKind, columns ListColumns) ([]listRow, error) {
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	if kind == tabTable {
		r.Comma, r.LazyQuotes = '\t', true
	}
	first, err := r.Read()
	if err == io.EOF {
		return nil, errors.New("it is empty")
	}
	if err != nil {
		return nil, err
	}
	header := make([]string, len(first))
	for i, name := range first {
		header[i] = strings.TrimSpace(name)
	}
	at := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(columns.fields(&listRow{}))) {
		i := slices.Index(header, name)
		if i < 0 {
			return nil, noColumn(name, header)
		}
		if slices.Contains(header[i+1:], name) {
			return nil, fmt.Errorf("it has two columns %s", name)
		}
		at[name] = i
	}
	var rows []listRow
	for {
		record, err := r.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil { // Names the line; what follows may be read in the wrong columns.
			return nil, err
		}
		row := listRow{}
		row.line, _ = r.FieldPos(0)
		// A quote that nothing closes would hide the rows below it in one field.
		if kind == tabTable && slices.ContainsFunc(record, func(field string) bool { return strings.Contains(field, "\n") }) {
			return nil, fmt.Errorf("line %d has a field that begins with a quote and does not end in that line", row.line)
		}
		if len(record) != len(header) {
			row.why = fmt.Errorf("it has another number of fields than the header's %d", len(header))
		}
		for name, to := range columns.fields(&row) {
			for _, value := range to {
				if i := at[name]; i < len(record) {
					*value = strings.TrimSpace(record[i])
				}
			}
		}
		rows = append(rows, row)
	}
}

// parseJSONRows reads .jsonl. A value is text, a number or true or false; null and a field that is not
// there are empty.
func parseJSONRows(content []byte, columns ListColumns) ([]listRow, error) {
	var rows []listRow
	there := map[string]bool{}
	number := 0
	for line := range bytes.Lines(content) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		row := listRow{line: number}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(line, &object); err != nil {
			row.why = fmt.Errorf("it is no object of JSON: %w", err)
		} else if object == nil {
			row.why = errors.New("it is no object of JSON: null")
		}
		if len(there) < 1000 { // Enough to tell what there is.
			for name := range object {
				there[name] = true
			}
		}
		for name, to := range columns.fields(&row) {
			value, ok := object[name]
			there[name] = there[name] || ok
			text, err := scalarText(value)
			if err != nil && row.why == nil {
				row.why = fmt.Errorf("its %s is %w", name, err)
			}
			for _, at := range to {
				*at = text
			}
		}
		rows = append(rows, row)
	}
	for _, name := range slices.Sorted(maps.Keys(columns.fields(&listRow{}))) {
		if !there[name] && len(rows) > 0 {
			delete(there, name)
			maps.DeleteFunc(there, func(_ string, is bool) bool { return !is })
			return nil, noColumn(name, slices.Sorted(maps.Keys(there)))
		}
	}
	return rows, nil
}

// scalarText is a value of JSON as text.
func scalarText(value json.RawMessage) (string, error) {
	if len(value) == 0 {
		return "", nil
	}
	switch value[0] {
	case '"':
		var text string
		err := json.Unmarshal(value, &text)
		return strings.TrimSpace(text), err
	case '{', '[':
		return "", errors.New("a list or an object; it must be text or a number")
	case 'n':
		return "", nil
	}
	return string(value), nil // A number as it is written, true or false.
}
