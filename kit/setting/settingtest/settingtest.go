// Package settingtest compares the defaults that the comments of fields tell with those that the
// code gives, for tests.
package settingtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Comments compares the numbers that the comments of the fields call the default with the fields of
// filled: a value of each type of the package in dir that has WithDefaults or withDefaults, with
// its defaults filled in. It is an error where a type is missing, where a default is in no comment,
// and where fewer than least defaults are found, so that it does not pass by reading nothing.
func Comments(t *testing.T, dir string, least int, filled ...any) {
	t.Helper()
	values := map[string]reflect.Value{}
	for _, v := range filled {
		values[reflect.TypeOf(v).String()] = reflect.ValueOf(v)
	}
	told := 0
	found := read(t, dir)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, field := range found.fields[name] {
			told += compare(t, name, field, values[name])
		}
	}
	for _, name := range found.withDefaults {
		if _, ok := values[name]; !ok {
			t.Errorf("%s has defaults; compare its comments too", name)
		}
	}
	if told < least {
		t.Errorf("only %d defaults are found in the comments of %s; there must be at least %d", told, dir, least)
	}
}

// number is 0.5, 1e-4, 10,000, 1/8 or 64 Mi.
const number = `(\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?(?:/\d+(?:\.\d+)?)?(?: [MG]iB?\b)?)`

var (
	defaultNumber = regexp.MustCompile(`\b[Dd]efault:? ` + number + `(?:(?: and | to )` + number + `)?(?:[,:;)]|\. |\.?$| \()`)
	defaultPart   = regexp.MustCompile(`\b([A-Z]\w*) ` + number) // Of a field of a field.
	defaultWords  = regexp.MustCompile(`\b[Dd]efault\b`)         // It follows another field, say.
)

// compare compares what the comment of a field says with the value that it has by default, and
// counts the numbers.
func compare(t *testing.T, name string, field *ast.Field, value reflect.Value) (told int) {
	t.Helper()
	comment := strings.Join(strings.Fields(field.Doc.Text()+" "+field.Comment.Text()), " ")
	numbers := defaultNumber.FindStringSubmatch(comment)
	check := func(what, text string, got reflect.Value) {
		t.Helper()
		told++
		if want, got := parsed(t, text), asFloat(got); got != want {
			t.Errorf("%s.%s: the comment says %s, the defaults %v", name, what, text, got)
		}
	}
	for i, ident := range field.Names {
		got := value.FieldByName(ident.Name)
		if got.Kind() == reflect.Pointer && !got.IsNil() {
			got = got.Elem()
		}
		switch {
		case got.Kind() == reflect.Struct:
			_, after, _ := strings.Cut(comment, "Default: ")
			for _, part := range defaultPart.FindAllStringSubmatch(after, -1) {
				if inner := got.FieldByName(part[1]); inner.IsValid() {
					check(ident.Name+"."+part[1], part[2], inner)
				}
			}
		case got.Kind() == reflect.Array && got.Len() == 2 && numbers != nil && numbers[2] != "": // From and to.
			check(ident.Name+"[0]", numbers[1], got.Index(0))
			check(ident.Name+"[1]", numbers[2], got.Index(1))
		case !got.CanInt() && !got.CanFloat():
		case numbers == nil && !got.IsZero() && !defaultWords.MatchString(comment):
			t.Errorf("%s.%s is %v by default; its comment does not say so", name, ident.Name, got)
		case numbers == nil:
		case numbers[1+i] == "":
			t.Errorf("%s: the comment on %v says one number", name, field.Names)
		default:
			check(ident.Name, numbers[1+i], got)
		}
	}
	return told
}

func asFloat(v reflect.Value) float64 {
	if v.CanInt() {
		return float64(v.Int())
	}
	return v.Float()
}

// parsed is a number as a comment writes it.
func parsed(t *testing.T, text string) float64 {
	t.Helper()
	text, unit, _ := strings.Cut(strings.ReplaceAll(text, ",", ""), " ")
	above, below, share := strings.Cut(text, "/")
	value, err := strconv.ParseFloat(above, 64)
	if err == nil && share {
		var by float64
		by, err = strconv.ParseFloat(below, 64)
		value /= by
	}
	if err != nil {
		t.Fatal(err)
	}
	switch strings.TrimSuffix(unit, "B") {
	case "Mi":
		value *= 1 << 20
	case "Gi":
		value *= 1 << 30
	}
	return value
}

// source is what the files of a package declare: the fields of its structs, and which types have
// defaults.
type source struct {
	fields       map[string][]*ast.Field
	withDefaults []string
}

func read(t *testing.T, dir string) source {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found, types := source{fields: map[string][]*ast.Field{}}, map[string]bool{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if strings.EqualFold(d.Name.Name, "WithDefaults") && d.Recv != nil {
					types[file.Name.Name+"."+d.Recv.List[0].Type.(*ast.Ident).Name] = true
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if spec, ok := spec.(*ast.TypeSpec); ok {
						if s, ok := spec.Type.(*ast.StructType); ok {
							found.fields[file.Name.Name+"."+spec.Name.Name] = s.Fields.List
						}
					}
				}
			}
		}
	}
	found.withDefaults = slices.Sorted(maps.Keys(types))
	return found
}
