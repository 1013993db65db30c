package kit

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"sslkit/kit/rundir"
	"sslkit/kit/wholefile"
)

// matchRecipe writes the recipe to a new run directory. In one that has a recipe, it returns an
// error that shows the fields in which the two differ.
func matchRecipe(dir rundir.Dir, recipe Recipe) error {
	encoded, err := recipe.encode()
	if err != nil {
		return err
	}
	path := dir.Path(rundir.RecipeFile)
	written, err := dir.Read(rundir.RecipeFile)
	if errors.Is(err, os.ErrNotExist) {
		return wholefile.WriteBytes(path, encoded)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	there, err := parseRecipe(written)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	here, err := parseRecipe(encoded)
	if err != nil {
		return fmt.Errorf("encoding the recipe: %w", err)
	}
	delete(here, "Format")
	delete(there, "Format")
	differences := differ("", here, there)
	if len(differences) == 0 {
		return nil
	}
	return fmt.Errorf("%s holds a run of another recipe; choose another directory, or remove this one. The difference:\n%s",
		dir, strings.Join(differences, "\n"))
}

// differ lists the fields in which two recipes differ, a line each: "Encoder.Stem.Stride: 1, in the
// directory 2". A field that one of them lacks counts as zero there.
func differ(path string, here, there any) []string {
	if zero(here) && zero(there) {
		return nil
	}
	left, right := fieldsOf(here), fieldsOf(there)
	if (file(left) || here == nil) && (file(right) || there == nil) {
		if left["hash"] == right["hash"] { // Where a file lies, or that nobody said so, does not count.
			return nil
		}
		return []string{fmt.Sprintf("  %s: weights %s, in the directory %s", path, weightsOf(left), weightsOf(right))}
	}
	if left == nil || right == nil || typeOf(left) != typeOf(right) {
		if reflect.DeepEqual(here, there) {
			return nil
		}
		return []string{fmt.Sprintf("  %s: %s, in the directory %s", path, brief(here), brief(there))}
	}
	names := slices.Collect(maps.Keys(left))
	for name := range right {
		if _, both := left[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var differences []string
	for _, name := range names {
		at := strings.TrimPrefix(path+"."+name, ".")
		if strings.HasPrefix(name, "[") {
			at = path + name
		}
		if typeOf(left) == name { // The type itself is no part of the path.
			at = path
		}
		differences = append(differences, differ(at, left[name], right[name])...)
	}
	return differences
}

// fieldsOf are the fields of an object, or the items of a list of objects by their number. Nil for
// a plain value, and for a list of these.
func fieldsOf(tree any) map[string]any {
	switch tree := tree.(type) {
	case map[string]any:
		return tree
	case []any:
		fields := map[string]any{}
		for i, item := range tree {
			if fieldsOf(item) == nil {
				return nil
			}
			fields[fmt.Sprintf("[%d]", i)] = item
		}
		return fields
	}
	return nil
}

// typeOf is the name of the type where the fields are those of {"its.Type": its fields}, else "".
func typeOf(fields map[string]any) string {
	for name := range fields {
		if len(fields) == 1 && strings.Contains(name, ".") {
			return name
		}
	}
	return ""
}

// file tells whether the fields are those of a file: where it lies, and the hash of what is in it.
func file(fields map[string]any) bool {
	_, path := fields["path"]
	_, hash := fields["hash"]
	return path || hash
}

// weightsOf names what is in a file of weights.
func weightsOf(file map[string]any) string {
	if file["hash"] == nil {
		return "none"
	}
	return fmt.Sprintf("%.12v", file["hash"])
}

// zero tells whether a tree says nothing but zero values.
func zero(tree any) bool {
	switch tree := tree.(type) {
	case nil:
		return true
	case map[string]any:
		for _, field := range tree {
			if !zero(field) {
				return false
			}
		}
		return typeOf(tree) == "" // A type says something.
	case []any:
		return len(tree) == 0
	case json.Number:
		return tree == "0"
	}
	return reflect.ValueOf(tree).IsZero()
}

// shown is how many bytes of a value a line shows.
const shown = 60

// brief is a tree as a line shows it.
func brief(tree any) string {
	if tree == nil {
		return "none"
	}
	if fields, ok := tree.(map[string]any); ok && typeOf(fields) != "" {
		return typeOf(fields)
	}
	encoded, err := json.Marshal(tree)
	if err != nil {
		return fmt.Sprint(tree)
	}
	if len(encoded) > shown {
		return fmt.Sprintf("%s... (%d bytes)", encoded[:shown], len(encoded))
	}
	return string(encoded)
}
