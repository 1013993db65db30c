package kit

import (
	"sslkit/data"
	"sslkit/kit/augment"
	"sslkit/kit/compress"
	"sslkit/kit/corrupt"
	"sslkit/kit/detect/fcos"
	"sslkit/kit/encoder"
	"sslkit/kit/optim"
	"sslkit/kit/semi"
	"sslkit/kit/ssl"
)

// recipeTypes are the types that a recipe may hold behind an interface, by which Open reads
// recipe.json.
var recipeTypes = []any{
	// data.Source
	data.CIFAR10{}, data.CIFAR100{}, data.COCO{}, data.CaptionFile{}, data.Fewer{}, data.FrameFolder{}, data.FrameStrips{}, data.HeldOut{}, data.ImageFolder{}, data.ImageList{}, data.ImageNet{},
	data.Labelled{}, data.MaskFolder{}, data.MNIST{}, data.FashionMNIST{}, data.MedMNIST{}, data.Moving{}, data.Parquet{}, data.PartlyLabelled{}, data.Patterns{}, data.Relabelled{}, data.Scenes{},
	data.STL10{}, data.SVHN{}, data.SetAside{}, data.Shapes{}, data.Streets{}, data.VOC{}, data.ValidationAsTest{}, data.WebDataset{}, corrupt.Source{},
	// augment.Transform
	augment.Affine{}, augment.CenterCrop{}, augment.ColorJitter{}, augment.Cutout{}, augment.Flip{}, augment.GaussianBlur{}, augment.Grey{},
	augment.Normalize{}, augment.QuarterTurns{}, augment.RandAugment{}, augment.RandomErasing{},
	augment.RandomResizedCrop{}, augment.Resize{}, augment.Solarize{}, augment.Translate{}, augment.VerticalFlip{},
	// encoder.Encoder
	encoder.ConvNeXt{}, encoder.IGPT{}, encoder.PerFrame{}, encoder.Probed{}, encoder.ResNet{}, encoder.ViT{},
	// ssl.Method
	ssl.AttentiveProbe{}, ssl.BYOL{}, ssl.BarlowTwins{}, ssl.CLIP{}, ssl.CPC{}, ssl.Colorization{}, ssl.DCL{}, ssl.Data2Vec{}, ssl.DenseCL{}, ssl.DINO{}, ssl.DINOv2{}, ssl.Flipping{},
	ssl.IBOT{}, ssl.IJEPA{}, ssl.Inpainting{}, ssl.Jigsaw{}, ssl.LeJEPA{}, ssl.MAE{}, ssl.MICLe{}, ssl.MMCR{}, ssl.MSN{}, ssl.MoCoV2{},
	ssl.MoCoV3{}, ssl.NNCLR{}, ssl.NextFrame{}, ssl.NextPixel{}, ssl.RelativeLocation{}, ssl.ReSSL{}, ssl.Rotation{}, ssl.SimCLR{},
	ssl.SimMIM{}, ssl.SimSiam{}, ssl.Sum{}, ssl.SupCon{}, ssl.Supervised{}, ssl.SwAV{}, ssl.TiCo{}, ssl.VICReg{},
	ssl.WMSE{},
	semi.FixMatch{}, semi.FlexMatch{}, semi.FreeMatch{}, semi.MeanTeacher{}, semi.MixMatch{},
	semi.PseudoLabel{}, semi.SimMatch{}, semi.SoftMatch{}, semi.Supervised{}, semi.UDA{},
	compress.Features{}, compress.Logits{}, Adopted{}, fcos.FCOS{},
	// optim.Optimizer
	optim.AdamW{}, optim.LARS{}, optim.PerVariable{}, optim.SGD{}, compress.KeepZeros{},
	// optim.Schedule, optim.Exclusion, optim.Rates
	optim.Constant{}, optim.WarmupCosine{}, optim.NormsAndBiases{}, optim.Nothing{}, optim.LayerDecay{}, optim.Steady{},
}
