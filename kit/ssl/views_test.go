package ssl

import (
	"testing"

	"sslkit/kit/augment"
)

// The filter that each source resizes its crops with. torchvision's default is bilinear.
func TestCropsAreResizedAsInTheSources(t *testing.T) {
	for _, test := range []struct {
		method Method
		want   augment.Interpolation
	}{
		{SimCLR{}, augment.Bicubic},           // google-research/simclr, data_util.py, crop_and_resize.
		{BYOL{}, augment.Bicubic},             // google-deepmind/deepmind-research, byol/utils/dataset.py, _preprocess_image.
		{BarlowTwins{}, augment.Bicubic},      // facebookresearch/barlowtwins, main.py, Transform.
		{VICReg{}, augment.Bicubic},           // facebookresearch/vicreg, augmentations.py, TrainTransform.
		{SwAV{Locals: 1}, augment.Bicubic},    // vturrisi/solo-learn, solo/data/pretrain_dataloader.py, build_transform_pipeline.
		{SwAV{}, augment.Bicubic},             // The same.
		{WMSE{}, augment.Bicubic},             // htdt/self-supervised, datasets/transforms.py: 3 is bicubic.
		{DINO{Locals: 1}, augment.Bicubic},    // facebookresearch/dino, main_dino.py, lines 436, 443 and 452.
		{IBOT{DINO: DINO{}}, augment.Bicubic}, // bytedance/ibot, main_ibot.py, DataAugmentationiBOT.
		{DINOv2{}, augment.Bicubic},           // facebookresearch/dinov2, dinov2/data/augmentations.py.
		{MAE{}, augment.Bicubic},              // facebookresearch/mae, main_pretrain.py: 3 is bicubic.
		{CLIP{}, augment.Bicubic},             // mlfoundations/open_clip, src/open_clip/transform.py, image_transform.
		{MMCR{}, augment.Bilinear},            // ThomasYerxa/mmcr, mmcr/cifar_stl/data.py.
		{MoCoV2{}, augment.Bilinear},          // facebookresearch/moco, main_moco.py.
		{DenseCL{}, augment.Bilinear},         // WXinlong/DenseCL, configs/selfsup/densecl: torchvision's default.
		{ReSSL{}, augment.Bicubic},            // vturrisi/solo-learn, solo/data/pretrain_dataloader.py, build_transform_pipeline.
		{Data2Vec{}, augment.Bicubic},         // facebookresearch/data2vec_vision, beit/run_cyclical.py, --train_interpolation.
		{MSN{Locals: 1}, augment.Bilinear},    // facebookresearch/msn, src/data_manager.py: torchvision's default.
		{IJEPA{}, augment.Bilinear},           // facebookresearch/ijepa, src/transforms.py, make_transforms.
		{SimMIM{}, augment.Bilinear},          // microsoft/SimMIM, data/data_simmim.py, SimMIMTransform.
	} {
		t.Run(test.method.Name(), func(t *testing.T) {
			t.Parallel()
			for i, view := range test.method.WithDefaults().Views(64, 64) {
				if got := view[0].(augment.RandomResizedCrop).Interpolation; got != test.want {
					t.Errorf("view %d is resized by a %v filter, want %v", i, got, test.want)
				}
			}
		})
	}
}
