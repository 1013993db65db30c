package ssl_test

import (
	"reflect"
	"strings"
	"testing"

	"sslkit/kit/compress"
	"sslkit/kit/semi"
	"sslkit/kit/setting/settingtest"
	"sslkit/kit/ssl"
)

// zeroValues are one of each type with defaults, by package and name.
var zeroValues = func() map[string]reflect.Value {
	values := map[string]reflect.Value{}
	for _, v := range []any{
		ssl.AttentiveProbe{}, ssl.BarlowTwins{}, ssl.BYOL{}, ssl.CLIP{}, ssl.Collapse{}, ssl.Colorization{}, ssl.CPC{}, ssl.Data2Vec{}, ssl.DCL{}, ssl.DenseCL{}, ssl.DINO{}, ssl.DINOv2{},
		ssl.Flipping{}, ssl.IBOT{}, ssl.IJEPA{}, ssl.Inpainting{}, ssl.Jigsaw{}, ssl.LeJEPA{}, ssl.MAE{}, ssl.MICLe{}, ssl.MMCR{}, ssl.MSN{}, ssl.MoCoV2{}, ssl.MoCoV3{},
		ssl.NextFrame{}, ssl.NextPixel{}, ssl.NNCLR{}, ssl.RelativeLocation{}, ssl.ReSSL{}, ssl.Rotation{}, ssl.SimCLR{}, ssl.SimMIM{}, ssl.SimSiam{},
		ssl.Sum{}, ssl.SupCon{}, ssl.Supervised{}, ssl.SwAV{}, ssl.Term{}, ssl.TiCo{}, ssl.VICReg{}, ssl.WMSE{},
		semi.FixMatch{}, semi.FlexMatch{}, semi.FreeMatch{}, semi.MeanTeacher{}, semi.MixMatch{},
		semi.PseudoLabel{}, semi.SimMatch{}, semi.SoftMatch{}, semi.Supervised{}, semi.UDA{},
		compress.Features{}, compress.Logits{}, compress.Comparison{}, compress.KeepZeros{},
	} {
		values[reflect.TypeOf(v).String()] = reflect.ValueOf(v)
	}
	return values
}()

// resolvedValue is a value with its defaults, for batches of many images.
func resolvedValue(v reflect.Value) reflect.Value {
	v = v.MethodByName("WithDefaults").Call(nil)[0]
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if method, ok := v.Interface().(ssl.Method); ok {
		v = reflect.ValueOf(ssl.ForBatch(method, ssl.Batch{Images: 256, Data: 1 << 20}))
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
	of := map[string][]any{}
	for name, zero := range zeroValues {
		room, _, _ := strings.Cut(name, ".")
		of[room] = append(of[room], resolvedValue(zero).Interface())
	}
	settingtest.Comments(t, ".", 125, of["ssl"]...)
	settingtest.Comments(t, "../semi", 16, of["semi"]...)
	settingtest.Comments(t, "../compress", 4, of["compress"]...)
}
