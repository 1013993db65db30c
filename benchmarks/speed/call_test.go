package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"sslkit/kit"
)

func TestReadAnswer(t *testing.T) {
	whole := `SPEED {"parameters": 7, "input": [128, 32, 32, 3], "first": 2.5, "steps": [0.5, 0.25], "peak_mib": 100, "versions": {"jax": "1"}}`
	want := measured{
		Parameters: 7, Input: [4]int{128, 32, 32, 3}, First: 2.5, Steps: []float64{.5, .25}, PeakMiB: 100,
		Versions: map[string]string{"jax": "1"},
	}
	for name, test := range map[string]struct {
		output, err string
	}{
		"alone":            {whole + "\n", ""},
		"behind a bar":     {"step 1 of 2\rstep 2 of 2\n\n" + whole + "\nbye\n", ""},
		"without its end":  {whole, ""},
		"none":             {"Traceback: no module torch\n", "no module torch"},
		"nothing":          {"", "no line begins with"},
		"broken":           {"SPEED {\n", "reading the answer"},
		"no steps":         {`SPEED {"first": 1}` + "\n", "holds no steps"},
		"steps of another": {`SPEED {"steps": "two"}` + "\n", "reading the answer"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readAnswer([]byte(test.output))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, error %v, want %+v", got, err, want)
			}
		})
	}
}

// What a child measured is kept, and read again, whole.
func TestAnswerOfAChild(t *testing.T) {
	want := measured{Steps: []float64{1}, ProductFLOPs: 1e11, Profile: &kit.Profile{FLOPs: 3, Step: []float64{1}}}
	line, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAnswer(bytes.Join([][]byte{[]byte("\n" + answerMark), line, []byte("\n")}, nil))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, error %v", got, err)
	}
}

// The scripts read these names.
func TestCallNamesWhatScriptsRead(t *testing.T) {
	for _, s := range compared(false, false) {
		encoded, err := json.Marshal(newCall(doStep, s, options{}, "images", 3))
		if err != nil {
			t.Fatal(err)
		}
		names := []string{`"do":"step"`, `"side":32`, `"batch":64`, `"steps":3`, `"images":"images"`, `"workers":0`, `"threads":`, `"started":`}
		if strings.Contains(s.name, "vit") {
			names = append(names, `"vit":{"Patch":4,"Width":192,"Depth":6,"Heads":3`)
		} else {
			names = append(names, `"resnet":{"Depth":18,"Width":16,"Stem":{"Kernel":3,"Stride":`)
		}
		for _, name := range names {
			if !bytes.Contains(encoded, []byte(name)) {
				t.Errorf("%s: %s lacks %s", s.name, encoded, name)
			}
		}
	}
}

func TestSidesMustAgree(t *testing.T) {
	ours := measured{Parameters: 7, Input: [4]int{128, 32, 32, 3}}
	for name, test := range map[string]struct {
		change func(*measured)
		err    string
	}{
		"the same":     {func(*measured) {}, ""},
		"a layer less": {func(m *measured) { m.Parameters = 6 }, "jax has 6 parameters"},
		"one view":     {func(m *measured) { m.Input[0] = 64 }, "inputs [64 32 32 3]"},
	} {
		t.Run(name, func(t *testing.T) {
			theirs := ours
			test.change(&theirs)
			err := sides{sslkit: ours, jax: theirs}.agree()
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}
