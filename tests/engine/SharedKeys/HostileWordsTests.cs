using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Engine.Execution;
using Bft.Engine.SharedKeys;

namespace Bft.Engine.Tests.SharedKeys;

/// <summary>What anybody may throw at a generation: refused with a reason, and the state neither changes nor grows by it.</summary>
public sealed class HostileWordsTests
{
    private const int Traitor = 3;

    private static readonly SharedKeyMessageKind[] Kinds = [.. Enum.GetValues<SharedKeyMessageKind>().Where(kind => kind is not (SharedKeyMessageKind.Call or SharedKeyMessageKind.Tick))];

    private readonly GenerationRoom _room = new(4, strangers: 1);

    [Fact]
    public void Words_larger_than_any_good_one_are_not_remembered_in_any_phase()
    {
        // A dealer that seals rubbish and one that extracts nothing: so every phase comes about.
        _room.Start(_room.Call());
        _room.Instead = (member, honest, message) => member == 2 && message.Kind == SharedKeyMessageKind.Deal ? Spoil(2, message) : member == 2 && message.Kind == SharedKeyMessageKind.Extract ? null : honest;
        ImmutableSortedSet<GenerationPhase>.Builder phases = ImmutableSortedSet.CreateBuilder<GenerationPhase>();
        while (_room.Generation.IsRunning)
        {
            phases.Add(_room.Generation.Phase);
            byte[] before = State();
            foreach (SharedKeyMessageKind kind in Kinds)
            {
                Assert.NotEqual(SharedKeyCodes.Ok, _room.Say(_room.Sign(Traitor, kind, new byte[70_000])));
            }

            Assert.Equal(before, State());
            Assert.DoesNotContain(_room.Generation.Blamed, blame => blame.Place == Traitor);
            _room.Step();
        }

        Assert.Equal(7, phases.Count);
        Assert.Null(_room.Generation.Outcome!.Failure);
    }

    [Fact]
    public void Words_of_strangers_of_other_generations_and_of_other_phases_change_nothing()
    {
        _room.Start(_room.Call());
        while (_room.Generation.IsRunning)
        {
            byte[] before = State();
            foreach (SharedKeyMessageKind kind in Kinds)
            {
                // A stranger in its own place, in a member's, and a member in another's.
                Assert.Contains(_room.Say(_room.Sign(4, kind, new byte[32])), new[] { SharedKeyCodes.NoMember, SharedKeyCodes.WrongPhase });
                Assert.NotEqual(SharedKeyCodes.Ok, _room.Say(_room.Sign(4, kind, new byte[32], place: Traitor)));
                Assert.NotEqual(SharedKeyCodes.Ok, _room.Say(_room.Sign(Traitor, kind, new byte[32], place: 0)));
                Assert.NotEqual(SharedKeyCodes.Ok, _room.Say(_room.Sign(Traitor, kind, [], place: ushort.MaxValue)));
                byte[] other = _room.Sign(Traitor, kind, new byte[32]);
                other[SharedKeyMessage.Magic.Length + 1] ^= 1;
                Assert.Equal(SharedKeyCodes.OtherGeneration, _room.Say(other));
            }

            Assert.Equal(before, State());
            _room.Step();
        }

        byte[] end = State();
        Assert.All(_room.Log.Select(said => said.Command).ToArray(), command => Assert.NotEqual(SharedKeyCodes.Ok, _room.Say(command)));
        Assert.Equal(end, State());
    }

    [Fact]
    public void Every_word_said_again_is_refused_and_changes_nothing()
    {
        _room.Start(_room.Call());
        var said = new List<byte[]>();
        _room.Instead = (_, honest, _) =>
        {
            said.Add(honest);
            return honest;
        };
        while (_room.Generation.IsRunning)
        {
            _room.Step();
            byte[] before = State();
            foreach (byte[] word in said)
            {
                Assert.NotEqual(SharedKeyCodes.Ok, _room.Say(word));
            }

            Assert.Equal(before, State());
        }
    }

    [Fact]
    public void Ticks_change_nothing_and_have_a_size()
    {
        _room.Start(_room.Call());
        byte[] before = State();
        Assert.Equal(SharedKeyCodes.Ok, _room.Say(_room.Participants[0].Tick(_room.Generation, _room.Height)));
        Assert.Equal(SharedKeyCodes.Refused, _room.Say(_room.Sign(0, SharedKeyMessageKind.Tick, new byte[9])));
        Assert.Equal(before, State());
        _room.Run();
        Assert.Equal(SharedKeyCodes.OtherGeneration, _room.Say(_room.Sign(0, SharedKeyMessageKind.Tick, new byte[8])));
    }

    [Fact]
    public void A_storm_of_one_member_leaves_a_state_of_bounded_size_and_a_key()
    {
        const int seed = 20;
        var random = new Random(seed);
        _room.Start(_room.Call());
        int largest = 0;
        while (_room.Generation.IsRunning)
        {
            for (int i = 0; i < 200; i++)
            {
                var content = new byte[random.Next(4) == 0 ? random.Next(80_000) : random.Next(700)];
                random.NextBytes(content);
                _room.Say(_room.Sign(Traitor, (SharedKeyMessageKind)random.Next(1, 10), content));
            }

            largest = Math.Max(largest, State().Length);
            _room.Silent = (member, _) => member == Traitor;
            _room.Step();
        }

        Assert.Null(_room.Generation.Outcome!.Failure);

        // Two calls, and of four members at the most one word of each of seven kinds, each of twice the size of a good one: here a dealing is the largest.
        int word = (3 * 96) + 32 + (4 * 80) + 112;
        Assert.True(largest < 64 + (60 * word), $"seed {seed}: the state had {largest} bytes");
    }

    [Fact]
    public void Calls_are_kept_so_many_a_validator_and_none_of_a_stranger()
    {
        for (int i = 0; i < 40; i++)
        {
            byte code = _room.Say(_room.Participants[Traitor].Call(Traitor, _room.Call(20 + i), default));
            Assert.Equal(i < SharedKeyRegistry.MostCalls ? SharedKeyCodes.Ok : SharedKeyCodes.Refused, code);
        }

        byte[] before = State();
        Assert.Equal(SharedKeyCodes.NoMember, _room.Say(_room.Participants[4].Call(4, _room.Call(), default)));
        Assert.Equal(SharedKeyCodes.WrongSignature, _room.Say(_room.Participants[4].Call(0, _room.Call(), default)));
        Assert.Equal(SharedKeyCodes.OtherGeneration, _room.Say(_room.Participants[0].Call(0, _room.Call(), HashFunction.Sha256.Hash("none"u8))));
        Assert.Equal(before, State());
    }

    private byte[] Spoil(int dealer, SharedKeyMessage deal)
    {
        byte[] content = deal.Content.ToArray();
        content[(3 * 96) + 32] ^= 1;
        return _room.Sign(dealer, SharedKeyMessageKind.Deal, content);
    }

    private byte[] State()
    {
        using var stream = new MemoryStream();
        var writer = new SnapshotWriter(stream);
        _room.Registry.Write(writer);
        writer.Digest(_room.Registry.Root);
        writer.Flush();
        return stream.ToArray();
    }
}
