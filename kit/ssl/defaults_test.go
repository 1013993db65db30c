package ssl_test

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

	"sslkit/kit/compress"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

// zeroValues are one of each type with defaults, by package and name.
var zeroValues = func() map[string]reflect.Value {
	values := map[string]reflect.Value{}
	for _, v := range []any{
		ssl.BarlowTwins{}, ssl.BYOL{}, ssl.CLIP{}, ssl.Collapse{}, ssl.Colorization{}, ssl.CPC{}, ssl.DCL{}, ssl.DINO{}, ssl.Flipping{},
		ssl.IBOT{}, ssl.IJEPA{}, ssl.Inpainting{}, ssl.Jigsaw{}, ssl.LeJEPA{}, ssl.MAE{}, ssl.MICLe{}, ssl.MoCoV2{}, ssl.MoCoV3{},
		ssl.NextFrame{}, ssl.NextPixel{}, ssl.NNCLR{}, ssl.RelativeLocation{}, ssl.Rotation{}, ssl.SimCLR{}, ssl.SimMIM{}, ssl.SimSiam{},
		ssl.Sum{}, ssl.SupCon{}, ssl.Supervised{}, ssl.SwAV{}, ssl.Term{}, ssl.VICReg{}, ssl.WMSE{},
		semi.FixMatch{}, semi.FreeMatch{}, semi.MeanTeacher{}, semi.PseudoLabel{},
		compress.Features{}, compress.Logits{}, compress.Comparison{}, compress.KeepZeros{},
	} {
		values[reflect.TypeOf(v).String()] = reflect.ValueOf(v)
	}
	return values
}()

// resolvedValue is a value with its defaults.
func resolvedValue(v reflect.Value) reflect.Value {
	v = v.MethodByName("WithDefaults").Call(nil)[0]
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// A default is filled in a second time without effect, and what was set is not touched.
func TestDefaultsStayAsTheyAre(t *testing.T) {
	for name, zero := range zeroValues {
		once := resolvedValue(zero)
		if twice := resolvedValue(once); !reflect.DeepEqual(once.Interface(), twice.Interface()) {
			t.Errorf("%s: %+v becomes %+v", name, once, twice)
		}
	}
	if m := (ssl.BYOL{Tau: .5, Hidden: 7}).WithDefaults().(ssl.BYOL); m.Tau != .5 || m.Hidden != 7 || m.Out != 256 {
		t.Errorf("%+v", m)
	}
}

// The comment of a field and WithDefaults say the same number.
func TestCommentsTellTheDefaults(t *testing.T) {
	told := 0
	for _, dir := range []string{".", "../semi", "../compress"} {
		sources := sourcesOf(t, dir)
		for name, of := range sources.fields {
			zero, ok := zeroValues[name]
			if !ok || zero.Kind() != reflect.Struct {
				continue
			}
			value := resolvedValue(zero)
			for _, field := range of {
				told += checkComment(t, name, field, value)
			}
		}
		for _, name := range sources.withDefaults {
			if _, ok := zeroValues[name]; !ok {
				t.Errorf("%s has WithDefaults; add it to zeroValues", name)
			}
		}
	}
	if told < 110 {
		t.Errorf("only %d defaults are found in comments", told)
	}
}

const number = `(\d+(?:\.\d+)?(?:e-?\d+)?(?:/\d+)?)`

var (
	defaultNumber = regexp.MustCompile(`\bDefault ` + number + `(?: and ` + number + `)?`) // Of one field, or of two.
	defaultPart   = regexp.MustCompile(`\b([A-Z]\w*) ` + number)                           // Of a field of a field.
)

// checkComment compares what the comment of a field says with the value that it has by default, and
// counts the numbers.
func checkComment(t *testing.T, name string, field *ast.Field, value reflect.Value) (told int) {
	t.Helper()
	comment := strings.Join(strings.Fields(field.Doc.Text()), " ")
	numbers := defaultNumber.FindStringSubmatch(comment)
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
					told++
					if parsed(t, part[2]) != asFloat(inner) {
						t.Errorf("%s.%s: the comment says %s, WithDefaults %s %v", name, ident.Name, part[0], part[1], inner)
					}
				}
			}
		case !got.CanInt() && !got.CanFloat():
		case numbers == nil && !got.IsZero() && !strings.Contains(comment, "Default: "): // In words: it follows another field.
			t.Errorf("%s.%s is %v by default; the comment has no such number", name, ident.Name, got)
		case numbers == nil:
		case numbers[1+i] == "":
			t.Errorf("%s: the comment on %v says one number", name, field.Names)
		default:
			told++
			if parsed(t, numbers[1+i]) != asFloat(got) {
				t.Errorf("%s.%s: the comment says %s, WithDefaults %v", name, ident.Name, numbers[1+i], got)
			}
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

// parsed is a number, such as 0.5, or a share, such as 1/8.
func parsed(t *testing.T, text string) float64 {
	t.Helper()
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
	return value
}

// sources are the structs of a package, with their fields, and which types have WithDefaults.
type sources struct {
	fields       map[string][]*ast.Field
	withDefaults []string
}

func sourcesOf(t *testing.T, dir string) sources {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found, types := sources{fields: map[string][]*ast.Field{}}, map[string]bool{}
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
				if d.Name.Name == "WithDefaults" && d.Recv != nil {
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
