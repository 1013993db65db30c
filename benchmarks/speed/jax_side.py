"""The step of SimCLR on JAX, compiled, on views in memory; the networks with Flax, the update with Optax."""

import os

os.environ["JAX_PLATFORMS"] = "cpu"

import functools
import itertools

import flax
import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from side import answer, read_call, timed

Norm = functools.partial(nn.BatchNorm, use_running_average=False, momentum=0.9)


def conv(features, kernel, stride=1):
    pad = kernel // 2
    return nn.Conv(features, (kernel, kernel), stride, padding=[(pad, pad)] * 2, use_bias=False)


class Block(nn.Module):
    features: int
    stride: int

    @nn.compact
    def __call__(self, x):
        y = nn.relu(Norm()(conv(self.features, 3, self.stride)(x)))
        y = Norm(scale_init=nn.initializers.zeros)(conv(self.features, 3)(y))
        if x.shape != y.shape:
            x = Norm()(conv(self.features, 1, self.stride)(x))
        return nn.relu(x + y)


class ResNet18(nn.Module):
    width: int
    stride: int

    @nn.compact
    def __call__(self, x):
        x = nn.relu(Norm()(conv(self.width, 3, self.stride)(x)))
        for stage in range(4):
            x = Block(self.width << stage, 1 if stage == 0 else 2)(x)
            x = Block(self.width << stage, 1)(x)
        return x.mean((1, 2))


class ViT(nn.Module):
    patch: int
    width: int
    depth: int
    heads: int

    @nn.compact
    def __call__(self, x):
        n = len(x)
        norm = functools.partial(nn.LayerNorm, epsilon=1e-6)
        x = nn.Conv(self.width, (self.patch, self.patch), self.patch, padding="VALID")(x).reshape(n, -1, self.width)
        token = self.param("class_token", nn.initializers.zeros, (1, 1, self.width))
        x = jnp.concatenate([jnp.broadcast_to(token, (n, 1, self.width)), x], 1)
        x = x + self.param("positions", nn.initializers.normal(0.02), (1, x.shape[1], self.width))
        for _ in range(self.depth):
            x = x + nn.MultiHeadDotProductAttention(self.heads)(norm()(x))
            y = nn.gelu(nn.Dense(4 * self.width)(norm()(x)), approximate=False)
            x = x + nn.Dense(self.width)(y)
        return norm()(x)[:, 0]


class SimCLR(nn.Module):
    encoder: nn.Module

    @nn.compact
    def __call__(self, x):
        x = self.encoder(x)
        x = nn.relu(Norm()(nn.Dense(x.shape[-1], use_bias=False)(x)))
        return Norm()(nn.Dense(128, use_bias=False)(x))


def nt_xent(z, temperature=0.5):
    z = z / jnp.linalg.norm(z, axis=1, keepdims=True)
    n = len(z)
    logits = jnp.where(jnp.eye(n, dtype=bool), -1e9, z @ z.T / temperature)
    partners = jnp.roll(jnp.arange(n), n // 2)
    return optax.softmax_cross_entropy_with_integer_labels(logits, partners).mean()


def encoder(network):
    if resnet := network.get("resnet"):
        return ResNet18(resnet["Width"], resnet["Stem"]["Stride"])
    vit = network["vit"]
    return ViT(vit["Patch"], vit["Width"], vit["Depth"], vit["Heads"])


def main():
    call = read_call(jax=jax.__version__, flax=flax.__version__, optax=optax.__version__)
    x = jax.random.normal(jax.random.key(1), (2 * call["batch"], call["side"], call["side"], 3))
    model = SimCLR(encoder(call["network"]))
    variables = model.init(jax.random.key(2), x)
    params, statistics = variables["params"], variables.get("batch_stats", {})
    sgd = optax.chain(optax.add_decayed_weights(1e-4), optax.sgd(0.025, momentum=0.9))
    state = params, statistics, sgd.init(params)

    @functools.partial(jax.jit, donate_argnums=0)
    def update(state, x):
        params, statistics, moments = state

        def loss_of(params):
            z, changed = model.apply({"params": params, "batch_stats": statistics}, x, mutable=["batch_stats"])
            return nt_xent(z), changed["batch_stats"]

        (loss, statistics), gradients = jax.value_and_grad(loss_of, has_aux=True)(params)
        updates, moments = sgd.update(gradients, moments, params)
        return (optax.apply_updates(params, updates), statistics, moments), loss

    def step(x):
        nonlocal state
        state, loss = update(state, x)
        jax.block_until_ready(state)
        return float(loss)

    parameters = sum(p.size for p in jax.tree.leaves(params))
    jax.block_until_ready((state, x))
    first, steps = timed(call, step, itertools.repeat(x))
    answer(first=first, steps=steps, input=x.shape, parameters=parameters)


if __name__ == "__main__":
    main()
