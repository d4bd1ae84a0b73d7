using System.Security.Cryptography;
using Bft.Crypto;
using Bft.Crypto.Bls12381;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;
using Bft.Crypto.Threshold;
using Bft.Engine;
using Bft.Engine.SharedKeys;
using Bft.Testnet.Homes;

namespace Bft.Testnet.KeyGeneration;

/// <summary>
/// A validator's part in key generations: looks at each executed block, says what is due through the node's own pool, and keeps the finished share. While a generation waits for heights and
/// nothing else comes, it submits ticks, so that no deadline waits for ever.
/// </summary>
/// <remarks>After a crash it says the same again: all follows from a seed that is durable before the first word. A validator that lost its seed says nothing more and is blamed as silent.</remarks>
/// <param name="chain">The chain.</param>
/// <param name="registry">The generations; touched on the executor's thread alone, but for its view.</param>
/// <param name="identity">The validator's identity key.</param>
/// <param name="store">Seeds and shares.</param>
/// <param name="submit">Puts a command into the pool; false when there was no room.</param>
/// <param name="tell">Tells the operator: event and content.</param>
internal sealed class GenerationMember(Chain chain, SharedKeyRegistry registry, ISigner identity, SharedKeyStore store, Func<byte[], bool> submit, Action<string, object> tell)
{
    /// <summary>How long a running generation waits for a block before it gets a tick.</summary>
    public static readonly TimeSpan TickAfter = TimeSpan.FromMilliseconds(250);

    private readonly GenerationParticipant _participant = new(chain, identity);
    private (Digest Generation, GenerationPhase Phase)? _said;
    private (Digest Generation, byte[]? Seed) _seed;
    private (Digest Generation, Scalar? Share) _oldShare;
    private Digest _finished;
    private volatile Generation? _running;
    private volatile SharedKeyOutcome? _superseding;
    private ulong _lastHeight;
    private ulong _tickedHeight = ulong.MaxValue;

    /// <summary>Looks at the state after a block, on the executor's thread, or before it runs.</summary>
    public void AfterBlock(Height height)
    {
        Volatile.Write(ref _lastHeight, height.Value);
        _running = registry.Generation is { IsRunning: true } running ? running : null;
        try
        {
            if (registry.Generation is { } generation)
            {
                Take(generation);
            }

            if (registry.View.Key is { } key && height >= key.EffectHeight && key != _superseding)
            {
                store.EraseAllBut(key.Generation);
                _superseding = key;
            }
        }
        catch (Exception exception) when (exception is KeyStoreException or HomeException or IOException or UnauthorizedAccessException)
        {
            // Consensus goes on without this validator's part; nothing was said that is not durable.
            tell("warning", new { message = $"no part in the key generation: {exception.Message}" });
        }
    }

    /// <summary>Called every <see cref="TickAfter"/>, on any thread but one at a time.</summary>
    public void Tick()
    {
        ulong height = Volatile.Read(ref _lastHeight);
        if (_running is { } running && height == _tickedHeight)
        {
            submit(_participant.Tick(running, new Height(height)));
        }

        _tickedHeight = height;
    }

    private void Take(Generation generation)
    {
        if (generation.Phase == GenerationPhase.Done)
        {
            Finish(generation);
            return;
        }

        if (generation.Phase == GenerationPhase.Failed)
        {
            Fail(generation);
            return;
        }

        if (_said == (generation.Id, generation.Phase) || SeedOf(generation) is not { } seed)
        {
            return;
        }

        byte[]? command = _participant.Next(generation, seed, OldShareOf(generation));
        if (command is null || submit(command))
        {
            _said = (generation.Id, generation.Phase);
        }
    }

    // A seed is made only before the first word; the key that was announced must be the one that follows from it.
    private byte[]? SeedOf(Generation generation)
    {
        int receiver = IndexIn(generation.Receivers);
        if (_seed.Generation != generation.Id)
        {
            byte[]? seed = store.Seed(generation.Id);
            bool spoke = receiver >= 0 && generation.BoxOf(receiver) is not null;
            if (seed is null && generation.Phase == GenerationPhase.Announcing && !spoke)
            {
                seed = RandomNumberGenerator.GetBytes(GenerationParticipant.SeedBytes);
                store.KeepSeed(generation.Id, seed);
            }

            _seed = (generation.Id, seed);
        }

        if (_seed.Seed is { } kept && receiver >= 0 && generation.BoxOf(receiver) is { } announced)
        {
            using var box = ShareBox.ToReceive(kept);
            return box.PublicKey.Span.SequenceEqual(announced.Span) ? kept : null;
        }

        return _seed.Seed;
    }

    private Scalar? OldShareOf(Generation generation)
    {
        if (generation.Call.IsResharing && _oldShare.Generation != generation.Id)
        {
            _oldShare = (generation.Id, store.Share(generation.Call.Reshares));
        }

        return generation.Call.IsResharing ? _oldShare.Share : null;
    }

    private void Finish(Generation generation)
    {
        if (_finished == generation.Id)
        {
            return;
        }

        SharedKeyOutcome outcome = generation.Outcome!;
        int place = IndexIn(generation.Receivers);
        bool held = store.Kept().Contains(SharedKeyStore.NameOf(generation.Id));
        if (!held && place >= 0 && SeedOf(generation) is { } seed && _participant.FinalShare(generation, seed) is { } share)
        {
            store.KeepShare(outcome, place, share);
            held = true;
        }

        Forget(generation);
        tell("sharedKey", new
        {
            generation = outcome.Generation.ToString(),
            groupKey = outcome.Commitments!.GroupKey.ToString(),
            effectHeight = outcome.EffectHeight.Value,
            holdsShare = held,
            blamed = outcome.Blamed.Select(blame => $"{(blame.IsReceiver ? "receiver" : "dealer")} {blame.Place} {blame.Describe()}"),
        });
    }

    private void Fail(Generation generation)
    {
        if (_finished != generation.Id)
        {
            Forget(generation);
            tell("warning", new { message = $"key generation {generation.Id.ToShortString()} failed: {generation.Outcome!.Failure}" });
        }
    }

    private void Forget(Generation generation)
    {
        store.EraseSeed(generation.Id);
        if (_seed.Seed is { } seed)
        {
            CryptographicOperations.ZeroMemory(seed);
        }

        _seed = default;
        _oldShare = default;
        _finished = generation.Id;
    }

    private int IndexIn(IReadOnlyList<ReadOnlyMemory<byte>> members)
    {
        for (int i = 0; i < members.Count; i++)
        {
            if (members[i].Span.SequenceEqual(identity.PublicKey.Span))
            {
                return i;
            }
        }

        return -1;
    }
}
