package kit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// leaf is a setting of a recipe that is no group of others.
type leaf struct {
	value string // As the line of a difference shows it; "" for zero or none.
	owner string // Path and type of the innermost value that it is a field of, such as "Method=ssl.BYOL".
}

// settingsOf are the settings of recipe.json by their path, such as "Encoder.Stem.Stride". That of an
// interface is the type it holds.
func settingsOf(content []byte) (map[string]leaf, error) {
	tree, err := parseRecipe(content)
	if err != nil {
		return nil, err
	}
	delete(tree, "Format")
	settings := map[string]leaf{}
	flatten(settings, "", "", tree)
	return settings, nil
}

func flatten(settings map[string]leaf, path, owner string, tree any) {
	fields := fieldsOf(tree)
	switch kind := typeOf(fields); {
	case file(fields):
		settings[path] = leaf{weightsOf(fields), owner}
	case kind != "":
		settings[path] = leaf{kind, owner}
		flatten(settings, path, path+"="+kind, fields[kind])
	case len(fields) > 0:
		for name, field := range fields {
			at := strings.TrimPrefix(path+"."+name, ".")
			if strings.HasPrefix(name, "[") {
				at = path + name
			}
			flatten(settings, at, owner, field)
		}
	case !zero(tree):
		settings[path] = leaf{brief(tree), owner}
	}
}

// owners are those that a run's settings have: the values of interfaces, and "", the recipe.
func owners(settings map[string]leaf) map[string]bool {
	all := map[string]bool{"": true}
	for path, setting := range settings {
		all[path+"="+setting.value] = true
	}
	return all
}

// differing are the paths of settings in which runs differ, in their order. A field counts among the
// runs whose recipe holds the same type there: BYOL's momentum is no difference to SimCLR.
func differing(runs []map[string]leaf) []string {
	owned := make([]map[string]bool, len(runs))
	paths := map[string]map[string]bool{} // With the owners that any run has for them.
	for i, settings := range runs {
		owned[i] = owners(settings)
		for path, setting := range settings {
			if paths[path] == nil {
				paths[path] = map[string]bool{}
			}
			paths[path][setting.owner] = true
		}
	}
	differ := func(path string) bool {
		for owner := range paths[path] {
			var first *string
			for i, settings := range runs {
				value := settings[path].value
				if !owned[i][owner] {
					continue
				}
				if first != nil && *first != value {
					return true
				}
				first = &value
			}
		}
		return false
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(paths)), func(path string) bool { return !differ(path) })
}

// hasField tells whether the types in a run's recipe have the setting at a path, be it zero.
func hasField(own map[string]leaf, path string, runs []map[string]leaf) bool {
	if _, there := own[path]; there {
		return true
	}
	owned := owners(own)
	return slices.ContainsFunc(runs, func(other map[string]leaf) bool {
		setting, there := other[path]
		return there && owned[setting.owner]
	})
}

// settingName is what a column or a legend says: "Batch 64", "ssl.SimCLR", "EMA 0".
func settingName(path string, settings map[string]leaf) string {
	value := settings[path].value
	switch {
	case value == "":
		value = "0"
	case path == "Method" || path == "Encoder" || path == "Data":
		return value
	}
	return fmt.Sprintf("%s %s", path, value)
}
