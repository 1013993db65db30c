package ssl

import (
	"testing"

	"sslkit/kit/optim"
)

// The optimisers are those of their sources, for 256 images.
func TestOptimizersOfTheSources(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method Method
		source string // Where the settings are from.
		want   optim.Optimizer
	}{
		// vturrisi/solo-learn, scripts/pretrain/cifar: clip_lr True, eta .02, exclude_bias_n_norm True.
		{BarlowTwins{}, "barlow.yaml", optim.LARS{LR: .3, Momentum: .9, WeightDecay: 1e-4, Eta: .02, ClipLR: true}},
		{BYOL{}, "byol.yaml", optim.LARS{LR: 1, Momentum: .9, WeightDecay: 1e-5, Eta: .02, ClipLR: true}},
		{DINO{}, "dino.yaml", optim.LARS{LR: .3, Momentum: .9, WeightDecay: 1e-6, Eta: .02, ClipLR: true}},
		{MoCoV3{}, "mocov3.yaml", optim.LARS{LR: .3, Momentum: .9, WeightDecay: 1e-6, Eta: .02, ClipLR: true}},
		{NNCLR{}, "nnclr.yaml", optim.LARS{LR: .4, Momentum: .9, WeightDecay: 1e-5, Eta: .02, ClipLR: true}},
		{SwAV{}, "swav.yaml", optim.LARS{LR: .6, Momentum: .9, WeightDecay: 1e-6, Eta: .02, ClipLR: true}},
		{VICReg{}, "vicreg.yaml", optim.LARS{LR: .3, Momentum: .9, WeightDecay: 1e-4, Eta: .02, ClipLR: true}},
		// exclude_bias_n_norm_wd is False unless a recipe sets it (solo/methods/base.py), and these do not.
		{MoCoV2{}, "mocov2plus.yaml", optim.SGD{LR: .3, Momentum: .9, WeightDecay: 1e-4, Exclude: optim.Nothing{}}},
		{SimSiam{}, "simsiam.yaml", optim.PerVariable{
			Optimizer: optim.SGD{LR: .5, Momentum: .9, WeightDecay: 1e-5, Exclude: optim.Nothing{}},
			Rates:     optim.Steady{Under: "predictor"},
		}},
		{SupCon{}, "HobbitLong/SupContrast, util.py, set_optimizer: one group", optim.SGD{
			LR: .125, Momentum: .9, WeightDecay: 1e-4, Exclude: optim.Nothing{},
		}},
		{Rotation{}, "gidariss/FeatureLearningRotNet, algorithms/Algorithm.py, init_optimizer: one group", optim.SGD{
			LR: .2, Momentum: .9, Nesterov: true, WeightDecay: 5e-4, Exclude: optim.Nothing{},
		}},
		{IBOT{}, "bytedance/ibot, main_ibot.py: --weight_decay, --weight_decay_end, --clip_grad", optim.AdamW{
			LR: 5e-4, WeightDecay: .04, WeightDecayEnd: .4, ClipEach: 3,
		}},
		{DINOv2{}, "facebookresearch/dinov2, dinov2/configs/ssl_default_config.yaml: 4e-3 for 1024 images", optim.PerVariable{
			Optimizer: optim.AdamW{LR: 2e-3, Scaling: optim.SquareRoot256, WeightDecay: .04, WeightDecayEnd: .4, ClipNorm: 3},
			Rates:     optim.LayerDecay{Factor: .9},
		}},
		{MMCR{}, "ThomasYerxa/mmcr, pretrain_cifar_stl.py; mmcr/cifar_stl/train.py: model.parameters() are one group", optim.AdamW{
			LR: 1e-3, Scaling: optim.Unscaled, WeightDecay: 1e-6, Exclude: optim.Nothing{},
		}},
		{ReSSL{}, "KyleZheng1997/ReSSL, ressl.py; solo-learn, ressl.yaml", optim.SGD{LR: .05, Momentum: .9, WeightDecay: 1e-4}},
		{DenseCL{}, "WXinlong/DenseCL, configs/selfsup/densecl/densecl_coco_800ep.py", optim.SGD{
			LR: .3, Momentum: .9, WeightDecay: 1e-4, Exclude: optim.Nothing{},
		}},
		{Data2Vec{}, "facebookresearch/data2vec_vision, beit/README.md: 2e-3 for 16 × 128 images", optim.AdamW{
			LR: 2.5e-4, WeightDecay: .05, ClipNorm: 3,
		}},
		{MSN{}, "facebookresearch/msn, configs/pretrain/msn_vits16.yaml: 1e-3 for 16 × 64 images", optim.AdamW{
			LR: 2.5e-4, WeightDecay: .04, WeightDecayEnd: .4, ClipNorm: 3,
		}},
		{AttentiveProbe{}, "facebookresearch/jepa, configs/evals/vith16_in1k.yaml; evals/image_classification_frozen/eval.py: init_opt, clip_grad_norm_",
			optim.AdamW{LR: .001, Scaling: optim.Unscaled, WeightDecay: .001, WeightDecayEnd: 1e-6, ClipNorm: 1}},
		{IJEPA{}, "facebookresearch/ijepa, configs/in1k_vith14_ep300.yaml: 1e-3 for 16 × 128 images", optim.AdamW{
			LR: 1.25e-4, WeightDecay: .04, WeightDecayEnd: .4,
		}},
		{SimMIM{}, "microsoft/SimMIM, configs/swin_base__100ep, 2e-4 for 512 images; config.py: CLIP_GRAD", optim.AdamW{
			LR: 1e-4, WeightDecay: .05, ClipNorm: 5,
		}},
		{MAE{}, "mae.yaml; facebookresearch/mae, main_pretrain.py: add_weight_decay", optim.AdamW{LR: 2e-4, WeightDecay: .05, Beta2: .95}},
		{LeJEPA{}, "rbalestr-lab/lejepa, MINIMAL.md: net.parameters() are one group", optim.AdamW{
			LR: 2e-3, WeightDecay: .05, Exclude: optim.Nothing{},
		}},
		{WMSE{}, "htdt/self-supervised, train.py: one group; README.md: 3e-3 for the 512 of cfg.py", optim.AdamW{
			LR: 1.5e-3, WeightDecay: 1e-6, Exclude: optim.Nothing{},
		}},
		{CPC{}, "arXiv:1807.03748: 2e-4 for 512 images", optim.AdamW{LR: 1e-4}},
		{SimCLR{}, "google-research/simclr, README.md, the command for CIFAR-10; lars_optimizer.py: EETA_DEFAULT", optim.LARS{
			LR: 1, Momentum: .9, WeightDecay: 1e-4, Eta: .001,
		}},
		{TiCo{}, "lightly-ai/lightly, benchmarks/imagenet/resnet50/tico.py", optim.LARS{LR: .2, Momentum: .9, WeightDecay: 1.5e-6, Eta: .001}},
		{Jigsaw{}, "MehdiNoroozi/JigsawPuzzleSolver, solver_cfn_jps.prototxt; train_val_cfn_jps.prototxt: decay_mult of biases is 0", optim.SGD{
			LR: .01, Momentum: .9, WeightDecay: 5e-4,
		}},
		{Colorization{}, "richzhang/colorization, train/solver.prototxt: 3e-5 for the 40 images of train_val.prototxt, whose biases decay too",
			optim.AdamW{LR: 2e-4, Beta2: .99, WeightDecay: .001, Exclude: optim.Nothing{}}},
	} {
		t.Run(test.method.Name(), func(t *testing.T) {
			t.Parallel()
			got, want := resolved(test.method).Optimizer().WithDefaults(), test.want.WithDefaults()
			if got != want {
				t.Errorf("%#v, want that of %s: %#v", got, test.source, want)
			}
		})
	}
}
