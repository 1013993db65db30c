package kit

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/compress"
	"sslkit/kit/corrupt"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/rundir"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

// mine is a method that somebody wrote in a notebook.
type mine struct {
	ssl.SimCLR
	Strength float64
}

// opened is a recipe that was written into a run directory and read back.
func opened(t *testing.T, recipe Recipe, own ...any) Recipe {
	t.Helper()
	dir := t.TempDir()
	if err := matchRecipe(rundir.Dir(dir), recipe); err != nil {
		t.Fatal(err)
	}
	run, err := Open(dir, own...)
	if err != nil {
		t.Fatal(err)
	}
	return run.Recipe
}

func TestOpenGivesTheRecipeThatWasWritten(t *testing.T) {
	weights := trainedWeights(t, tiny)
	final := 0.25
	for name, change := range map[string]func(*Recipe){
		"small":        func(*Recipe) {},
		"a large seed": func(r *Recipe) { r.Seed = 1<<64 - 1 },
		"bfloat16":     func(r *Recipe) { r.Precision = BFloat16 },
		"a mesh": func(r *Recipe) {
			r.Encoder, r.Mesh = encoder.ViT{Patch: 8, Width: 8, Depth: 1, Heads: 2}, Mesh{Data: 4, Model: 2}
		},
		"micro-batches":  func(r *Recipe) { r.MicroBatch, r.Rematerialize = 4, true },
		"start":          func(r *Recipe) { r.Start, r.Encoder = weights, tiny },
		"stop early":     func(r *Recipe) { r.StopEarly = StopEarly{Every: 2, Patience: 1} },
		"inner widths":   func(r *Recipe) { r.Encoder = encoder.ResNet{Depth: 10, Width: 2, Inner: []int{1, 2, 4, 8}} },
		"nested sources": func(r *Recipe) { r.Data = data.Labelled{From: data.SetAside{From: r.Data, Fraction: .5}, Subset: few} },
		"a folder":       func(r *Recipe) { r.Data = data.ImageFolder{Path: "my/images", Size: 32} },
		"new labels":     func(r *Recipe) { r.Data = data.Relabelled{From: r.Data, Labels: []int{3, -1, 2}} },
		"corrupted":      func(r *Recipe) { r.Data = corrupt.Source{From: r.Data, Corruption: corrupt.Snow, Severity: 2} },
		"a sum": func(r *Recipe) {
			r.Method = ssl.Sum{{Method: ssl.BYOL{Hidden: 16}}, {Method: ssl.Rotation{}, Weight: .5, Final: &final}}
		},
		"semi-supervised": func(r *Recipe) { r.Method = semi.FixMatch{Classes: 10} },
		"augmentation": func(r *Recipe) {
			r.Augment = []augment.Pipeline{
				{augment.Resize{Size: 16, Interpolation: augment.Bicubic}, augment.ColorJitter{Brightness: .4}},
				{augment.RandomErasing{Scale: [2]float64{.1, .2}}},
			}
		},
		"frozen teacher": func(r *Recipe) {
			r.Method = compress.Features{Teacher: ssl.Frozen{Encoder: tiny, Weights: weights}}
		},
		"optimiser": func(r *Recipe) {
			r.Optimizer = compress.KeepZeros{Optimizer: optim.PerVariable{
				Optimizer: optim.SGD{LR: .1, Scaling: optim.Unscaled}, Rates: optim.LayerDecay{Factor: .5}}}
			r.Schedule = optim.Constant{}
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := small()
			change(&want)
			wrote, err := want.encode()
			if err != nil {
				t.Fatal(err)
			}
			got := opened(t, want)
			again, err := got.encode()
			if err != nil {
				t.Fatal(err)
			}
			if string(again) != string(wrote) {
				t.Errorf("read back and written again it is\n%s\nwant\n%s", again, wrote)
			}
			if got.Start != want.Start {
				t.Errorf("it starts from %q, want %q", got.Start, want.Start)
			}
		})
	}
	folder := small()
	folder.Data = data.ImageFolder{Path: "my/images"}
	if path := opened(t, folder).Data.(data.ImageFolder).Path; path != "my/images" {
		t.Errorf("the images are in %q", path)
	}
	own := small()
	own.Method = mine{Strength: .5}
	if method := opened(t, own, mine{}).Method.(mine); method.Strength != .5 {
		t.Errorf("a method of the user's own: %+v", method)
	}
}

// What Open gives trains on, or is found finished, like the recipe that began the run.
func TestOpenedRecipeIsThatOfItsRun(t *testing.T) {
	run := finished(t)
	before := content(t, run.Dir, rundir.RecipeFile)
	if again := pretrained(t, run.Dir, run.Recipe); !again.Finished() {
		t.Error("the run is not finished any more")
	}
	pretrained(t, run.Dir, small())
	if string(content(t, run.Dir, rundir.RecipeFile)) != string(before) {
		t.Error("its recipe.json was written anew")
	}
	loseLastCheckpoint(t, run.Dir)
	resumed := pretrained(t, run.Dir, run.Recipe)
	trained, err := smallRun()
	if err != nil {
		t.Fatal(err)
	}
	if string(content(t, resumed.Dir, rundir.EncoderFile)) != string(content(t, trained, rundir.EncoderFile)) {
		t.Error("resumed by the opened recipe it ends in other bits")
	}
}

// The recipes of the committed results are of all kinds, and of the format before this one.
func TestOpenReadsTheRecipesOfTheBenchmarks(t *testing.T) {
	files, err := filepath.Glob("../benchmarks/results/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no results: %v", err)
	}
	recipes := 0
	for _, path := range files {
		var result struct {
			Rows []struct {
				Case   string
				Recipe json.RawMessage
			}
		}
		if err := json.Unmarshal(content(t, path), &result); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, row := range result.Rows {
			if row.Recipe == nil {
				continue
			}
			recipes++
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, rundir.RecipeFile), row.Recipe, 0o644); err != nil {
				t.Fatal(err)
			}
			run, err := Open(dir)
			if strings.Contains(string(row.Recipe), `"main.`) { // The benchmark's own test hands the type over.
				if err == nil || !strings.Contains(err.Error(), "type main.shuffledCaptions is not known") {
					t.Errorf("%s, %s: error %v does not name the type", path, row.Case, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", path, row.Case, err)
				continue
			}
			if err := matchRecipe(rundir.Dir(dir), run.Recipe); err != nil {
				t.Errorf("%s, %s: %v", path, row.Case, err)
			}
		}
	}
	if recipes < 60 {
		t.Errorf("%d recipes, want the 67 of the results", recipes)
	}
}

func TestRecipeThatCannotBeReadSaysWhere(t *testing.T) {
	own := small()
	own.Method = mine{Strength: .5}
	for name, c := range map[string]struct {
		recipe      Recipe
		change      func(tree map[string]any)
		wants, also string
	}{
		"a type of the user's own": {own, func(map[string]any) {}, "Method: type kit.mine is not known", "kit.Open(dir, kit.mine{})"},
		"a newer format":           {small(), func(tree map[string]any) { tree["Format"] = 99 }, "Format is 99", "newer version"},
		"an unknown field":         {small(), func(tree map[string]any) { tree["Momentum"] = 1 }, "Momentum: kit.Recipe has no field Momentum", ""},
		"an unknown field inside": {small(), func(tree map[string]any) {
			tree["Encoder"].(map[string]any)["encoder.ResNet"].(map[string]any)["Stem"].(map[string]any)["Dilation"] = 2
		}, "Encoder.Stem.Dilation: encoder.Stem has no field Dilation", ""},
		"a value that does not fit": {small(), func(tree map[string]any) { tree["Batch"] = "many" }, `Batch is "many"`, "must be of type int"},
		"a type in another's place": {small(), func(tree map[string]any) { tree["Encoder"] = tree["Method"] }, "ssl.SimCLR is no encoder.Encoder", ""},
	} {
		t.Run(name, func(t *testing.T) {
			encoded, err := c.recipe.encode()
			if err != nil {
				t.Fatal(err)
			}
			var tree map[string]any
			if err := json.Unmarshal(encoded, &tree); err != nil {
				t.Fatal(err)
			}
			c.change(tree)
			dir := t.TempDir()
			changed, err := json.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, rundir.RecipeFile), changed, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err = Open(dir)
			for _, want := range []string{c.wants, c.also, dir} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v does not say %q", err, want)
				}
			}
		})
	}
	for content, want := range map[string]string{
		`{"Format": 2} {"Steps": 3}`: "something follows the recipe", `{"Format": 2}]`: "something follows the recipe", "null": "it is null",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, rundir.RecipeFile), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not say %q", content, err, want)
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "there is none") || !strings.Contains(err.Error(), "kit.Runs(") {
		t.Errorf("an empty directory: error %v", err)
	}
}

func TestDifferenceNamesTheFieldsByTheirPath(t *testing.T) {
	other := small()
	other.Encoder = encoder.ResNet{Depth: 18, Width: 2, Stem: encoder.CIFARStem}
	other.Method = ssl.BYOL{}
	other.Data = data.Relabelled{From: data.Shapes{}, Labels: make([]int, 1000)}
	dir := rundir.Dir(t.TempDir())
	if err := matchRecipe(dir, small()); err != nil {
		t.Fatal(err)
	}
	other.Mesh.Data = 2
	err := matchRecipe(dir, other)
	for _, want := range []string{
		"  Mesh.Data: 2, in the directory 0\n",
		"  Encoder.Depth: 18, in the directory 10\n", "  Encoder.Stem.Stride: 1, in the directory 2\n",
		"  Method: ssl.BYOL, in the directory ssl.SimCLR", "  Data: data.Relabelled, in the directory data.Shapes\n",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "Width") || strings.Count(err.Error(), "\n") != 5 {
		t.Errorf("the error shows what is the same: %v", err)
	}
	relabelled := other
	relabelled.Data = data.Relabelled{From: data.Shapes{}, Labels: make([]int, 999)}
	dir = rundir.Dir(t.TempDir())
	if err := matchRecipe(dir, other); err != nil {
		t.Fatal(err)
	}
	if err := matchRecipe(dir, relabelled); err == nil || len(err.Error()) > 400 || !strings.Contains(err.Error(), "Data.Labels: [0,0") {
		t.Errorf("other labels: %v", err)
	}
}

// Where images lie is no part of the recipe, and recipes of the format before did not tell it.
func TestPathOfTheImagesDoesNotCount(t *testing.T) {
	folder := func(path string) Recipe {
		recipe := small()
		recipe.Data = data.ImageFolder{Path: path}
		return recipe
	}
	for _, written := range []string{"", "here"} {
		dir := rundir.Dir(t.TempDir())
		if err := matchRecipe(dir, folder(written)); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"", "here", "there"} {
			if err := matchRecipe(dir, folder(path)); err != nil {
				t.Errorf("written with %q, asked for with %q: %v", written, path, err)
			}
		}
	}
	started := small()
	started.Encoder, started.Start = tiny, trainedWeights(t, tiny)
	random := started
	random.Start = ""
	dir := rundir.Dir(t.TempDir())
	if err := matchRecipe(dir, started); err != nil {
		t.Fatal(err)
	}
	if err := matchRecipe(dir, random); err == nil || !strings.Contains(err.Error(), "  Start: weights none, in the directory ") {
		t.Errorf("random weights for those of a file: %v", err)
	}
}

// A run that was made by hand from its directory is an error, not a panic.
func TestRunWithoutARecipeIsAnError(t *testing.T) {
	run := &Run{Dir: t.TempDir()}
	for name, call := range map[string]func() error{
		"Features":        func() error { _, err := run.Features(data.Test); return err },
		"InitialFeatures": func() error { _, err := run.InitialFeatures(data.Test); return err },
		"Embeddings":      func() error { _, err := run.Embeddings(data.Test); return err },
		"TextEmbeddings":  func() error { _, err := run.TextEmbeddings("a star"); return err },
		"CorruptedFeatures": func() error {
			_, err := run.CorruptedFeatures(data.Test, 1)
			return err
		},
		"LossCurve":        func() error { _, err := run.LossCurve(); return err },
		"CollapseMonitors": func() error { _, err := run.CollapseMonitors(); return err },
		"Alarm":            func() error { _, err := run.Alarm(); return err },
		"StepFLOPs":        func() error { _, err := run.StepFLOPs(); return err },
		"Familiarity":      func() error { _, err := run.Familiarity(); return err },
		"Frozen":           func() error { _, err := run.Frozen(); return err },
		"Retrieval":        func() error { _, err := run.Retrieval(1, 1); return err },
	} {
		if err := call(); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}

// TestEveryTypeOfARecipeIsKnown: what has the methods of an interface that a recipe holds is in the
// table that Open reads by.
func TestEveryTypeOfARecipeIsKnown(t *testing.T) {
	known := map[string]bool{}
	for _, value := range recipeTypes {
		known[reflect.TypeOf(value).String()] = true
	}
	families := map[string][]string{ // The methods by which each interface's types are told.
		"../data": {"Open"}, "corrupt": {"Open"}, "ssl": {"Loss", "Views"}, "semi": {"Loss", "Views"}, "compress": {"Loss", "Build"}, "detect/fcos": {"Loss"},
		"encoder": {"Cost"}, "optim": {"Build", "Graph", "Excludes", "Of"}, "augment": {"OutputSize"},
	}
	for dir, methods := range families {
		for _, name := range typesWith(t, dir, methods) {
			if name != "augment.Pipeline" && !known[name] { // A pipeline is a list, and behind no interface.
				t.Errorf("%s is not in recipeTypes: a run that holds one can't be opened", name)
			}
		}
	}
}

// typesWith are the exported types of a package that have one of the methods.
func typesWith(t *testing.T, dir string, methods []string) (names []string) {
	t.Helper()
	packages, err := parser.ParseDir(token.NewFileSet(), dir, func(info os.FileInfo) bool {
		return !strings.HasSuffix(info.Name(), "_test.go")
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range packages {
		for _, file := range pkg.Files {
			for _, declared := range file.Decls {
				f, ok := declared.(*ast.FuncDecl)
				if !ok || f.Recv == nil {
					continue
				}
				receiver, ok := f.Recv.List[0].Type.(*ast.Ident)
				if !ok || !receiver.IsExported() {
					continue
				}
				for _, method := range methods {
					if f.Name.Name == method {
						names = append(names, pkg.Name+"."+receiver.Name)
					}
				}
			}
		}
	}
	if len(names) == 0 {
		t.Errorf("no type of %s has %v", dir, methods)
	}
	return names
}

// A finished run is read where there are fewer devices than it was trained on, and one device has
// one name.
func TestFinishedRunNeedsNoDevices(t *testing.T) {
	t.Parallel()
	dir := rundir.Dir(finished(t).Dir)
	recipe := small()
	recipe.Mesh = Mesh{Data: 1, Model: 1}
	if _, err := Pretrain(string(dir), recipe); err != nil {
		t.Error(err)
	}
	recipe.Mesh.Data = 2
	if err := os.Remove(dir.Path(rundir.RecipeFile)); err != nil {
		t.Fatal(err)
	}
	set, err := recipe.Data.Open(data.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	resolved, _, err := recipe.plan(set)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(matchRecipe(dir, resolved), dir.Seal(rundir.RecipeFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Pretrain(string(dir), recipe); err != nil {
		t.Error(err)
	}
	recipe.Mesh.Data = 1
	if _, err := Pretrain(string(dir), recipe); err == nil || !strings.Contains(err.Error(), "Mesh.Data: 0, in the directory 2") {
		t.Errorf("another mesh: error %v", err)
	}
}
