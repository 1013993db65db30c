package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// declarations are what GoNB remembers from cell to cell, by its own keys: a later declaration
// takes the place of an earlier one of the same kind and key. A variable and a function of one name
// both stay, which does not compile, and within one cell the last one wins too.
type declarations struct {
	imports, types, functions map[string]snippet
	variables                 map[string]*variable
	constants                 map[string]*constant
}

// snippet is a piece of a cell's text. Columns are counted in bytes, from 1 as lines are.
type snippet struct {
	text               string
	cell, line, column int
}

type variable struct {
	key              string
	name, typ, value snippet
	together         []*variable // Those that one value gives; it is written once, for the first.
}

type constant struct {
	name, typ, value snippet
	first            bool      // In its block.
	next             *constant // In its block, whose order iota depends on.
}

func newDeclarations() declarations {
	return declarations{map[string]snippet{}, map[string]snippet{}, map[string]snippet{}, map[string]*variable{}, map[string]*constant{}}
}

// merge takes in the declarations of a later cell.
func (d declarations) merge(later declarations) {
	maps.Copy(d.imports, later.imports)
	maps.Copy(d.types, later.types)
	maps.Copy(d.functions, later.functions)
	maps.Copy(d.constants, later.constants)
	// With one variable go all that have their values from the same call.
	for key := range later.variables {
		if old := d.variables[key]; old != nil {
			for _, other := range old.together {
				delete(d.variables, other.key)
			}
		}
	}
	maps.Copy(d.variables, later.variables)
}

// remove forgets one declaration of the key, as %rm does.
func (d declarations) remove(key string) {
	_ = removed(d.imports, key) || removed(d.constants, key) || removed(d.types, key) || removed(d.variables, key) || removed(d.functions, key)
}

func removed[V any](m map[string]V, key string) bool {
	_, found := m[key]
	delete(m, key)
	return found
}

// declared are the declarations of one cell, parsed from what split made of it.
func declared(number int, source string, positions *token.FileSet, file *ast.File) declarations {
	d := newDeclarations()
	of := func(node ast.Node) snippet {
		start := positions.Position(node.Pos())
		return snippet{source[start.Offset:positions.Position(node.End()).Offset], number, start.Line - 1, start.Column}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			d.functions[functionKey(decl, of)] = of(decl)
		case *ast.GenDecl:
			var last *constant
			for i, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.ImportSpec:
					d.imports[importKey(spec)] = of(spec)
				case *ast.TypeSpec:
					d.types[spec.Name.Name] = of(spec)
				case *ast.ValueSpec:
					if decl.Tok == token.CONST {
						last = d.addConstants(spec, last, of)
					} else {
						d.addVariables(spec, fmt.Sprintf("_ %d %d %d", number, decl.Pos(), i), of)
					}
				}
			}
		}
	}
	return d
}

func functionKey(function *ast.FuncDecl, of func(ast.Node) snippet) string {
	if function.Recv == nil || len(function.Recv.List) == 0 {
		return function.Name.Name
	}
	receiver := "unknown" // GoNB's word for a value of a generic type.
	switch typ := function.Recv.List[0].Type.(type) {
	case *ast.Ident:
		receiver = typ.Name
	case *ast.StarExpr:
		receiver = of(typ.X).text
	}
	return receiver + "~" + function.Name.Name
}

// importKey is the name that a package gets, or where there is none the last part of its path.
func importKey(spec *ast.ImportSpec) string {
	path, err := strconv.Unquote(spec.Path.Value)
	switch {
	case err != nil:
		return spec.Path.Value
	case spec.Name == nil:
		return path[strings.LastIndexAny(path, "/.-")+1:]
	case spec.Name.Name == ".":
		return ".~" + path
	}
	return spec.Name.Name
}

// addVariables adds those of one line. Blank ones have keys of their own, since they never replace
// each other.
func (d declarations) addVariables(spec *ast.ValueSpec, blank string, of func(ast.Node) snippet) {
	var together []*variable
	for i, name := range spec.Names {
		v := &variable{key: name.Name, name: of(name)}
		if spec.Type != nil {
			v.typ = of(spec.Type)
		}
		if i < len(spec.Values) {
			v.value = of(spec.Values[i])
		}
		if v.key == "_" {
			v.key = fmt.Sprintf("%s %d", blank, i)
		}
		together = append(together, v)
		d.variables[v.key] = v
	}
	if len(spec.Values) == 1 {
		for _, v := range together {
			v.together = together
		}
	}
}

// addConstants adds those of one line to the block that the last one is in, and returns the new
// last one.
func (d declarations) addConstants(spec *ast.ValueSpec, last *constant, of func(ast.Node) snippet) *constant {
	for i, name := range spec.Names {
		c := &constant{name: of(name), first: last == nil}
		if spec.Type != nil {
			c.typ = of(spec.Type)
		}
		if i < len(spec.Values) {
			c.value = of(spec.Values[i])
		}
		if last != nil {
			last.next = c
		}
		last = c
		d.constants[name.Name] = c
	}
	return last
}

// render writes the file that GoNB would write. With positions, a comment before each snippet tells
// go/parser where it is from, with the number of the cell in place of a file's name.
func (d declarations) render(main snippet, positions bool) string {
	var out strings.Builder
	write := func(before string, s snippet) {
		if s.text == "" {
			return
		}
		out.WriteString(before)
		if positions {
			fmt.Fprintf(&out, "/*line %d:%d:%d*/", s.cell, s.line, s.column)
		}
		out.WriteString(s.text)
	}
	out.WriteString("package main\n")
	for _, key := range slices.Sorted(maps.Keys(d.imports)) {
		write("\nimport ", d.imports[key])
	}
	for _, key := range slices.Sorted(maps.Keys(d.types)) {
		write("\ntype ", d.types[key])
	}
	for _, key := range slices.Sorted(maps.Keys(d.constants)) {
		if c := d.constants[key]; c.first {
			out.WriteString("\nconst (")
			for ; c != nil; c = c.next {
				write("\n", c.name)
				write(" ", c.typ)
				write(" = ", c.value)
			}
			out.WriteString("\n)")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(d.variables)) {
		v := d.variables[key]
		if len(v.together) > 0 && v.together[0] != v {
			continue
		}
		write("\nvar ", v.name)
		for _, other := range v.together[min(1, len(v.together)):] {
			write(", ", other.name)
		}
		write(" ", v.typ)
		write(" = ", v.value)
	}
	for _, key := range slices.Sorted(maps.Keys(d.functions)) {
		f := d.functions[key]
		if strings.HasPrefix(key, "init_") { // So that a notebook can have several.
			f.text = strings.Replace(f.text, key, "init", 1)
		}
		write("\n", f)
	}
	write("\n", main)
	out.WriteString("\n")
	return out.String()
}
