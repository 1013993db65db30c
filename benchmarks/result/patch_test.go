package result

import (
	"encoding/json"
	"testing"
)

func TestPatch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ from, to, want string }{
		"the same":    {`{"a":1}`, `{"a":1}`, `{}`},
		"deep":        {`{"Data":{"S":{"Seed":1,"N":2}},"Seed":1}`, `{"Data":{"S":{"Seed":18446744073709551615,"N":2}},"Seed":2}`, `{"Data":{"S":{"Seed":18446744073709551615}},"Seed":2}`},
		"a list":      {`{"a":[1,2]}`, `{"a":[1,3]}`, `{"a":[1,3]}`},
		"gone":        {`{"a":1,"b":2}`, `{"b":2}`, `{"a":null}`},
		"other type":  {`{"a":{"X":{"n":1}}}`, `{"a":{"Y":{"n":1}}}`, `{"a":{"X":null,"Y":{"n":1}}}`},
		"null before": {`{"a":null}`, `{"a":{"b":1}}`, `{"a":{"b":1}}`},
	} {
		patch, err := Patch([]byte(test.from), []byte(test.to))
		if err != nil || string(patch) != test.want {
			t.Errorf("%s: %s, %v, want %s", name, patch, err, test.want)
			continue
		}
		made, err := Patched([]byte(test.from), patch)
		to, _ := parse([]byte(test.to))
		want, _ := json.Marshal(to)
		if err != nil || string(made) != string(want) {
			t.Errorf("%s: patched it is %s, %v", name, made, err)
		}
	}
	if _, err := Patch([]byte(`{"a":1}`), []byte(`{"a":null}`)); err == nil {
		t.Error("no error of what becomes null")
	}
}
