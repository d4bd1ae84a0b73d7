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
/// A validator's part in key generations: looks at each executed block, says what is due through the node's own pool until it is in the log, and keeps the finished share. While a generation
/// waits for heights and nothing else comes, it submits ticks, so that no deadline waits for ever.
/// </summary>
/// <remarks>
/// After a crash it says the same again: all follows from a seed that is durable before the first word. A validator that lost its seed says nothing more and is blamed as silent. One that was
/// away when a key was finished makes up its share from the state, whether it got there by blocks or by a snapshot.
/// </remarks>
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

    /// <summary>After so many heights a word that is not in the log is said again; then after twice as many, and so on: a chain that is merely slow is not flooded.</summary>
    public const ulong RepeatAfterBlocks = GenerationCall.HeightsToBeHeard;

    private readonly GenerationParticipant _participant = new(chain, identity);
    private Word? _word;
    private (Digest Generation, byte[]? Seed) _seed;
    private (Digest Generation, Scalar? Share) _oldShare;
    private Digest _finished;
    private Digest _failed;
    private Digest _lastRunning;
    private (Digest, Digest, Digest) _cleaned;
    private string? _warned;
    private volatile Generation? _running;
    private volatile SharedKeyOutcome? _superseding;
    private ulong _lastHeight;
    private ulong _tickedHeight = ulong.MaxValue;

    /// <summary>Looks at the state after a block, on the executor's thread, or before it runs.</summary>
    public void AfterBlock(Height height)
    {
        Volatile.Write(ref _lastHeight, height.Value);
        SharedKeyView view = registry.View;
        _running = registry.Generation is { IsRunning: true } running ? running : null;
        Try(() => EndFailed(view.Failure));
        Try(() => Finish(view.Key, height));
        Try(() => Speak(_running, height));
        Try(() => Clean(view, height));
        _lastRunning = _running?.Id ?? _lastRunning;
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

    // Consensus goes on without this validator's part; nothing was said that is not durable. Tried again with the next block, and told once.
    private void Try(Action part)
    {
        try
        {
            part();
        }
        catch (Exception exception) when (exception is KeyStoreException or HomeException or IOException or UnauthorizedAccessException)
        {
            if (_warned != exception.Message)
            {
                _warned = exception.Message;
                tell("warning", new { message = $"no part in the key generation: {exception.Message}" });
            }
        }
    }

    // A word is made once a phase and said again, the very same bytes, until the log has it: the pool may have been full, a leader may have crashed with it.
    private void Speak(Generation? generation, Height height)
    {
        if (generation is null)
        {
            return;
        }

        if (_word is null || _word.Generation != generation.Id || _word.Phase != generation.Phase)
        {
            byte[]? command = SeedOf(generation) is { } seed ? _participant.Next(generation, seed, OldShareOf(generation)) : null;
            _word = new Word(generation.Id, generation.Phase, command) { NextAt = height.Value };
        }

        if (_word.Command is { } said && height.Value >= _word.NextAt && _participant.Owes(generation) && submit(said))
        {
            _word.NextAt = height.Value + _word.Wait;
            _word.Wait *= 2;
        }
    }

    // A seed is made only before the first word of a generation that lies above all those a seed was made for: who executes old blocks again has spoken in their generations, and must not
    // contradict itself. The key that was announced must be the one that follows from the seed.
    private byte[]? SeedOf(Generation generation)
    {
        int receiver = IndexIn(generation.Receivers);
        if (_seed.Generation != generation.Id)
        {
            byte[]? seed = store.Seed(generation.Id);
            bool spoke = receiver >= 0 && generation.BoxOf(receiver) is not null;
            if (seed is null && generation.Phase == GenerationPhase.Announcing && !spoke && generation.StartedAt > store.Mark())
            {
                seed = RandomNumberGenerator.GetBytes(GenerationParticipant.SeedBytes);
                store.KeepSeed(generation.Id, seed);
            }

            if (seed is not null)
            {
                // After the seed, before the first word: a crash in between finds the seed.
                store.RaiseMark(generation.StartedAt);
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

    // The share follows from the seed and the state, so it does not matter how this validator got to the state.
    private void Finish(SharedKeyOutcome? key, Height height)
    {
        if (key is null || key.Generation == _finished)
        {
            return;
        }

        MissingShare missing = MissingShare.None;
        if (!store.Kept().Contains(SharedKeyStore.NameOf(key.Generation)))
        {
            byte[] seed = store.Seed(key.Generation) ?? [];
            Scalar? share = _participant.FinalShare(key, registry.Dealt!, seed, out missing);
            CryptographicOperations.ZeroMemory(seed);
            if (share is { } finished)
            {
                store.RaiseMark(key.FinishedAt);
                store.KeepShare(key, IndexIn(key.Receivers), finished);
            }
        }

        // Only now, with the share on the disk, or when the state says that nothing was sealed to this validator.
        if (missing != MissingShare.DoesNotFit)
        {
            store.EraseSeed(key.Generation);
        }

        bool isPast = height < store.Mark();
        if (!isPast)
        {
            store.Publish(PublishedKey.Of(chain, key));
        }

        Forget(key.Generation);
        _finished = key.Generation;
        if (isPast)
        {
            // Executed once more: the news of it is old.
            return;
        }

        tell("sharedKey", new
        {
            generation = key.Generation.ToString(),
            groupKey = key.Commitments!.GroupKey.ToString(),
            effectHeight = key.EffectHeight.Value,
            holdsShare = missing == MissingShare.None,
            why = missing.Describe(),
            blamed = key.Blamed.Select(blame => $"{(blame.IsReceiver ? "receiver" : "dealer")} {blame.Place} {blame.Describe()}"),
        });
    }

    private void EndFailed(SharedKeyOutcome? failure)
    {
        if (failure is null || failure.Generation == _failed)
        {
            return;
        }

        store.EraseSeed(failure.Generation);
        Forget(failure.Generation);
        _failed = failure.Generation;
        if (failure.Generation == _lastRunning)
        {
            tell("warning", new { message = $"key generation {failure.Generation.ToShortString()} failed: {failure.Failure}" });
        }
    }

    // Shares that a key in effect supersedes, and seeds of generations that ended unseen. Below the mark the past is executed again: what is here may belong to a generation that the state does
    // not know yet.
    private void Clean(SharedKeyView view, Height height)
    {
        if (height < store.Mark())
        {
            return;
        }

        if (view.Key is { } key && height >= key.EffectHeight && key != _superseding)
        {
            store.EraseAllBut(key.Generation);
            _superseding = key;
        }

        (Digest, Digest, Digest) now = (_running?.Id ?? default, view.Key?.Generation ?? default, view.Failure?.Generation ?? default);
        if (now != _cleaned)
        {
            store.EraseSeedsBut(now.Item1, now.Item2);
            _cleaned = now;
        }
    }

    private void Forget(Digest generation)
    {
        if (_seed.Generation == generation)
        {
            CryptographicOperations.ZeroMemory(_seed.Seed ?? []);
            _seed = default;
        }

        _oldShare = _oldShare.Generation == generation ? default : _oldShare;
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

    // What is due in a phase, when it is said next, and how long after that again.
    private sealed record Word(Digest Generation, GenerationPhase Phase, byte[]? Command)
    {
        public ulong NextAt { get; set; }

        public ulong Wait { get; set; } = RepeatAfterBlocks;
    }
}
