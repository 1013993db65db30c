"""Writes small networks of timm, transformers, torchvision and the authors' repositories, and what they make of 16 images: python
golden.py FOLDER, in an environment with PyTorch 2.15, torchvision 0.29, timm 1.0.31, transformers 5.24 and safetensors 0.8. kit/encoder's tests read these
files, which are committed, and compare the features; run.sh makes them anew.

A network is of its library's own classes, only narrow and shallow, with random values in all of its weights and statistics.
features.safetensors holds, for NETWORK at images of SIDE pixels, float32 NETWORK-SIDE [16, features], computed in float64 from
the weights as they are in the file. Where weights have no norm behind them, they are small enough for features of about 1."""

import functools
import json
import pathlib
import shutil
import sys

import timm
import torch
import torchvision
import transformers
from safetensors.torch import load_file, save_file
from timm.models.convnext import ConvNeXt
from timm.models.eva import Eva
from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import nn


def images(side):
    """16 images, by a formula that Go computes too: float64 [16, 3, side, side]."""
    n, c, y, x = torch.meshgrid(*(torch.arange(k) for k in (16, 3, side, side)), indexing="ij")
    pixels = (n * 7 + y * 13 + x * 29 + c * 53 + y * x * 3 + n * x * y) % 256
    return (pixels.double() / 255 - 0.45) / 0.25


def randomise(model, seed):
    """Random values for all weights and statistics, of a size that makes each of them count."""
    generator = torch.Generator().manual_seed(seed)
    kept = model.state_dict().keys()  # Not the periods of rotary positions, which are no weights.
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            if name not in kept or not value.is_floating_point():
                continue
            noise = torch.randn(value.shape, generator=generator)
            if name.endswith("running_var"):
                value.copy_(1 + 0.5 * torch.rand(value.shape, generator=generator))
            elif value.ndim == 1 and name.endswith("weight") or "gamma" in name or "lambda" in name or "scale_param" in name:
                value.copy_(1 + 0.2 * noise)
            elif value.ndim >= 2 and name.endswith("weight"):
                value.copy_(noise / value[0].numel() ** 0.5)
            else:
                value.copy_(0.3 * noise)
    return model.eval()


def narrow_resnet(block, depths, width):
    """timm's ResNet with another width: its class fixes that of the stem at 64."""
    model = ResNet(block, depths, num_classes=3, channels=tuple(width << stage for stage in range(4)))
    model.conv1, model.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
    shortcut = None
    if block.expansion > 1:
        out = width * block.expansion
        shortcut = nn.Sequential(nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out))
    model.layer1[0] = block(width, width, downsample=shortcut)
    return model


def vit(**arguments):
    arguments = dict(img_size=56, patch_size=14, embed_dim=8, depth=2, num_heads=2, num_classes=3, dynamic_img_size=True) | arguments
    return VisionTransformer(**arguments)


def faint(model):
    """Makes what enters the first norm so small that the epsilon of norms counts."""
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name.startswith(("patch_embed", "cls_token", "reg_token", "pos_embed")) or "embeddings." in name and "text_model" not in name:
                value.mul_(0.02)
    return model


class Golden:
    def __init__(self, folder):
        self.folder, self.features = folder, {}

    def write(self, name, model, sides, represent, dtype=torch.float16, prefix="", metadata=None):
        """Writes a network and its features: represent maps images to them."""
        state = {key: value.clone() for key, value in model.state_dict().items()}
        for key, value in state.items():
            if value.is_floating_point():
                state[key] = value.to(dtype)
        save_file({prefix + key: value for key, value in state.items()}, self.folder / f"{name}.safetensors", metadata)
        back = {key.removeprefix(prefix): value for key, value in load_file(self.folder / f"{name}.safetensors").items()}
        model.load_state_dict(back, strict=True)
        self.represent(name, model, sides, represent)

    def represent(self, name, model, sides, represent):
        model = model.double()
        for side in sides:
            with torch.no_grad():
                self.features[f"{name}-{side}"] = represent(model, images(side)).float().contiguous()

    def write_published(self, name, model, side, represent):
        """Writes a network of transformers by its own means: its files have other names than its variables."""
        model.half().save_pretrained(self.folder / name)
        (self.folder / name / "model.safetensors").rename(self.folder / f"{name}.safetensors")
        shutil.rmtree(self.folder / name)
        self.represent(name, model, [side], represent)

    def finish(self):
        save_file(self.features, self.folder / "features.safetensors")


def pooled(model, x):
    """What timm's classifiers see."""
    return model.forward_head(model.forward_features(x), pre_logits=True)


def of_timm(golden):
    golden.write("resnet10", randomise(narrow_resnet(BasicBlock, (1, 1, 1, 1), 2), 1), [48], pooled, torch.bfloat16, "module.")
    golden.write("resnet26", randomise(narrow_resnet(Bottleneck, (2, 2, 2, 2), 2), 2), [48], pooled)
    convnext = ConvNeXt(depths=(1, 1, 1, 1), dims=(4, 8, 12, 16), num_classes=3)
    golden.write("convnext", randomise(convnext, 3), [64, 72], pooled)
    golden.write("vit", randomise(vit(), 4), [56, 42, 84], pooled, torch.float32, "backbone.")
    registers = dict(reg_tokens=4, init_values=1e-5, no_embed_class=True)
    golden.write("vit-registers", randomise(vit(**registers), 5), [56, 98], pooled)
    golden.write("deit3", randomise(vit(init_values=1e-6, no_embed_class=True), 6), [56], pooled)
    golden.write("vit-mean", randomise(vit(class_token=False, global_pool="avg", fc_norm=False), 7), [56, 70], pooled)

    beside = vit(reg_tokens=1, no_embed_class=True, global_pool="avg", fc_norm=False, qkv_bias=False, mlp_ratio=2.7)
    golden.write("vit-mean-beside", randomise(beside, 15), [56], pooled)
    norm = functools.partial(nn.LayerNorm, eps=1e-5)
    clip = vit(pre_norm=True, act_layer="quick_gelu", norm_layer=norm, num_classes=6)
    golden.write("clip", faint(randomise(clip, 16)), [56, 84], pooled)
    golden.represent("clip-projected", clip, [56], type(clip).forward)
    rotary = dict(
        img_size=28, patch_size=7, embed_dim=16, depth=2, num_heads=2, num_classes=0, dynamic_img_size=True, use_abs_pos_emb=False,
        use_rot_pos_emb=True, rope_type="dinov3", rope_temperature=100, rope_rotate_half=True, num_reg_tokens=4, init_values=1e-5,
        use_fc_norm=False, norm_layer=norm)
    golden.write("dinov3", faint(randomise(Eva(**rotary, global_pool="token"), 17)), [28, 42], pooled)
    gated = Eva(**rotary, global_pool="avg", qkv_bias=False, swiglu_mlp=True, swiglu_align_to=8)
    golden.write("dinov3-gated", faint(randomise(gated, 18)), [28, 35], pooled)


def of_authors(golden):
    """DINOv2's file with registers, as facebookresearch/dinov2 names it, read by timm."""
    model = randomise(vit(reg_tokens=4, init_values=1e-5, no_embed_class=True, num_classes=0), 8)
    state = {key: value.half() for key, value in model.state_dict().items()}
    generator = torch.Generator().manual_seed(9)
    state["register_tokens"] = state.pop("reg_token")
    of_class = torch.randn(1, 1, 8, generator=generator).half()
    state["pos_embed"] = torch.cat([of_class, state["pos_embed"]], 1)
    state["mask_token"] = torch.zeros(1, 8).half()
    save_file(state, golden.folder / "dinov2-authors.safetensors")
    model.load_state_dict(checkpoint_filter_fn({key: value.float() for key, value in state.items()}, model), strict=True)
    golden.represent("dinov2-authors", model, [56], pooled)

    openclip(golden)


def openclip(golden):
    """A file of OpenCLIP, under the names of OpenAI's CLIP and with a text tower, read by timm."""
    model = faint(randomise(vit(pre_norm=True, norm_layer=functools.partial(nn.LayerNorm, eps=1e-5), num_classes=6), 19))
    names = (
        ("patch_embed.proj.", "conv1."), ("norm_pre", "ln_pre"), (".attn.qkv.", ".attn.in_proj_"), (".attn.proj", ".attn.out_proj"),
        (".mlp.fc1", ".mlp.c_fc"), (".mlp.fc2", ".mlp.c_proj"), (".norm", ".ln_"), ("norm.", "ln_post."), ("blocks.", "transformer.resblocks."))
    state = {}
    for name, value in model.state_dict().items():
        for of_timm, of_openai in names:
            name = name.replace(of_timm, of_openai)
        state["visual." + name] = value.half()
    state["visual.class_embedding"] = state.pop("visual.cls_token")[0, 0].clone()
    state["visual.positional_embedding"] = state.pop("visual.pos_embed")[0].clone()
    state["visual.proj"] = state.pop("visual.head.weight").T.contiguous()
    del state["visual.head.bias"]
    state["transformer.resblocks.0.ln_1.weight"], state["positional_embedding"] = torch.ones(4).half(), torch.ones(5, 4).half()
    state["text_projection"], state["logit_scale"] = torch.ones(4, 6).half(), torch.tensor(2.6)
    save_file(state, golden.folder / "openclip.safetensors")
    model.load_state_dict(checkpoint_filter_fn({key: value.float() for key, value in state.items()}, model), strict=True)
    golden.represent("openclip", model, [56], type(model).forward)


def of_transformers(golden):
    sizes = dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, image_size=56, patch_size=14)

    def class_token(model, x):
        return model(x).last_hidden_state[:, 0]

    def mean(model, x):
        return model(x).pooler_output.flatten(1)

    norms = dict(layer_norm_eps=1e-6)
    model = transformers.ViTModel(transformers.ViTConfig(**sizes, intermediate_size=32, **norms))
    golden.write_published("transformers-vit", randomise(model, 10), 56, class_token)
    model = transformers.Dinov2Model(transformers.Dinov2Config(**sizes))
    golden.write_published("transformers-dinov2", randomise(model, 11), 56, class_token)
    model = transformers.Dinov2WithRegistersModel(transformers.Dinov2WithRegistersConfig(**sizes))
    golden.write_published("transformers-dinov2-registers", randomise(model, 12), 56, class_token)
    config = transformers.ResNetConfig(embedding_size=2, hidden_sizes=[2, 4, 8, 16], depths=[1, 1, 1, 1], layer_type="basic")
    golden.write_published("transformers-resnet", randomise(transformers.ResNetModel(config), 13), 48, mean)
    config = transformers.ConvNextConfig(hidden_sizes=[4, 8, 12, 16], depths=[1, 1, 1, 1], **norms)
    golden.write_published("transformers-convnext", randomise(transformers.ConvNextModel(config), 14), 64, mean)

    clip = dict(**sizes, intermediate_size=32)
    model = transformers.CLIPVisionModel(transformers.CLIPVisionConfig(**clip))
    golden.write_published("transformers-clip-vision", faint(randomise(model, 20)), 56, lambda model, x: model(x).pooler_output)
    text = dict(
        vocab_size=5, hidden_size=4, intermediate_size=4, num_hidden_layers=1, num_attention_heads=1, max_position_embeddings=3, bos_token_id=0,
        eos_token_id=1, pad_token_id=2)
    config = transformers.CLIPConfig(projection_dim=6, vision_config=clip | dict(hidden_act="gelu"), text_config=text)

    def projected(model, x):
        return model.visual_projection(model.vision_model(x).pooler_output)

    golden.write_published("transformers-clip", faint(randomise(transformers.CLIPModel(config), 21)), 56, projected)
    config = transformers.IJepaConfig(**sizes, intermediate_size=36, **norms)
    model = transformers.IJepaModel(config)
    golden.write_published("transformers-ijepa", randomise(model, 22), 56, lambda model, x: model(x).last_hidden_state.mean(1))
    rotary = sizes | dict(hidden_size=16, image_size=28, patch_size=7, num_register_tokens=4)
    model = transformers.DINOv3ViTModel(transformers.DINOv3ViTConfig(**rotary, intermediate_size=64))
    golden.write_published("transformers-dinov3", faint(randomise(model, 23)), 35, class_token)
    model = transformers.DINOv3ViTModel(transformers.DINOv3ViTConfig(**rotary, intermediate_size=48, use_gated_mlp=True, hidden_act="silu"))
    golden.write_published("transformers-dinov3-gated", faint(randomise(model, 24)), 28, class_token)
    config = transformers.DINOv3ConvNextConfig(hidden_sizes=[4, 8, 12, 16], depths=[1, 1, 1, 1])
    golden.write_published("transformers-dinov3-convnext", randomise(transformers.DINOv3ConvNextModel(config), 25), 64, mean)


def of_torchvision(golden):
    """With the metadata by which the weights say how torchvision makes their images."""
    models = torchvision.models

    def shown(weights):
        made = weights.transforms()
        side, resized = made.crop_size[0], made.resize_size[0]
        told = {"size": side, "crop_share": side / resized, "interpolation": made.interpolation.value, "mean": made.mean, "std": made.std}
        return {"preprocessing": json.dumps(told)}

    def before(head):
        """Features before the part of that name."""
        def represent(model, x):
            setattr(model, head, nn.Identity())
            return model(x)
        return represent

    block = models.resnet.BasicBlock
    resnet = models.ResNet(block, [1, 1, 1, 1], num_classes=3)  # Whose class fixes the widths.
    resnet.conv1, resnet.bn1, resnet.inplanes = nn.Conv2d(3, 2, 7, 2, 3, bias=False), nn.BatchNorm2d(2), 2
    for stage in range(4):
        setattr(resnet, f"layer{stage + 1}", resnet._make_layer(block, 2 << stage, 1, stride=1 if stage == 0 else 2))
    resnet.fc = nn.Linear(16, 3)
    golden.write("torchvision-resnet", randomise(resnet, 26), [48], before("fc"), metadata=shown(models.ResNet50_Weights.IMAGENET1K_V2))
    setting = models.convnext.CNBlockConfig
    convnext = models.ConvNeXt([setting(4, 8, 1), setting(8, 12, 1), setting(12, 16, 1), setting(16, None, 1)], num_classes=3)

    def behind_norm(model, x):
        model.classifier[2] = nn.Identity()
        return model(x)

    golden.write(
        "torchvision-convnext", randomise(convnext, 27), [64], behind_norm, metadata=shown(models.ConvNeXt_Tiny_Weights.IMAGENET1K_V1))
    vit = models.VisionTransformer(56, 14, 2, 2, 8, 32, num_classes=3)
    golden.write("torchvision-vit", randomise(vit, 28), [56], before("heads"), metadata=shown(models.ViT_B_16_Weights.IMAGENET1K_V1))


if __name__ == "__main__":
    print(f"timm {timm.__version__}, transformers {transformers.__version__}, torchvision {torchvision.__version__}, PyTorch {torch.__version__}")
    golden = Golden(pathlib.Path(sys.argv[1]))
    golden.folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    of_timm(golden)
    of_authors(golden)
    of_transformers(golden)
    of_torchvision(golden)
    golden.finish()
