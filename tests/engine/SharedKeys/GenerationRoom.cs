using System.Collections.Immutable;
using Bft.Crypto;
using Bft.Crypto.Bls12381;
using Bft.Crypto.Signatures;
using Bft.Crypto.Threshold;
using Bft.Engine.SharedKeys;

namespace Bft.Engine.Tests.SharedKeys;

/// <summary>A committee with its identities, a registry, and honest participants of whom a test may replace any word.</summary>
internal sealed class GenerationRoom
{
    private readonly ISigner[] _signers;
    private readonly Dictionary<(Digest, int), byte[]> _seeds = [];
    private readonly Dictionary<int, Scalar> _shares = [];

    public GenerationRoom(int size = 4, int strangers = 0)
    {
        Chain = new Chain(HashFunction.Sha256.Hash("generation"u8), "test", new Committee(size), HashFunction.Sha256);
        _signers = [.. Enumerable.Range(0, size + strangers).Select(i => Ed25519Scheme.Instance.CreateSigner([.. Enumerable.Repeat((byte)(i + 1), 32)]))];
        Identities = [.. _signers.Select(signer => signer.PublicKey)];
        Registry = new SharedKeyRegistry(Chain, [.. Identities.Take(size)]);
        Participants = [.. _signers.Select(signer => new GenerationParticipant(Chain, signer))];
    }

    public Chain Chain { get; }

    public ImmutableArray<ReadOnlyMemory<byte>> Identities { get; }

    public SharedKeyRegistry Registry { get; set; }

    public GenerationParticipant[] Participants { get; }

    public Height Height { get; private set; }

    public Generation Generation => Registry.Generation!;

    /// <summary>Who is silent, always or in a phase.</summary>
    public Func<int, GenerationPhase, bool> Silent { get; set; } = (_, _) => false;

    /// <summary>What a member says instead of the honest command; null for silence.</summary>
    public Func<int, byte[], SharedKeyMessage, byte[]?> Instead { get; set; } = (_, honest, _) => honest;

    /// <summary>Every command with its code, in order.</summary>
    public List<(Height Height, byte[] Command, byte Code)> Log { get; } = [];

    /// <summary>A call with the shortest phases there are, when no length is named.</summary>
    public GenerationCall Call(int? phaseBlocks = null, Digest reshares = default, params int[] receivers) =>
        new(7, phaseBlocks ?? GenerationCall.LeastPhaseBlocks(Chain.Committee), default, 3, reshares, [.. receivers.Select(i => Identities[i])]);

    public byte Say(byte[] command)
    {
        byte code = Registry.Execute(Height, command);
        Log.Add((Height, command, code));
        return code;
    }

    public byte[] Sign(int member, SharedKeyMessageKind kind, ReadOnlySpan<byte> content, int? place = null) =>
        SharedKeyMessage.Sign(Chain, _signers[member], kind, Generation.Id, place ?? member, content);

    public void Start(GenerationCall call)
    {
        Height = Height.Next();
        for (int i = 0; i < Chain.Committee.HonestSize; i++)
        {
            Assert.Equal(SharedKeyCodes.Ok, Say(Participants[i].Call(i, call, Registry.View.Last)));
        }

        Registry.EndHeight(Height);
    }

    /// <summary>One height: everybody says what is due.</summary>
    public void Step()
    {
        Height = Height.Next();
        GenerationPhase phase = Generation.Phase;
        for (int member = 0; member < Participants.Length; member++)
        {
            if (!Silent(member, phase) && Participants[member].Next(Generation, Seed(member), Share(member)) is { } honest &&
                Instead(member, honest, SharedKeyMessage.Decode(honest, out _)!) is { } said)
            {
                Say(said);
            }
        }

        Registry.EndHeight(Height);
    }

    public void StepUntil(GenerationPhase phase)
    {
        for (int i = 0; Generation.Phase != phase; i++)
        {
            Assert.True(i < 100, $"never reached {phase}, stuck in {Generation.Phase}");
            Step();
        }
    }

    public SharedKeyOutcome Run()
    {
        for (int i = 0; Generation.IsRunning; i++)
        {
            Assert.True(i < 200, $"no end: stuck in {Generation.Phase}");
            Step();
        }

        return Generation.Outcome!;
    }

    public byte[] Seed(int member)
    {
        if (!_seeds.TryGetValue((Generation.Id, member), out byte[]? seed))
        {
            seed = HashFunction.Sha256.Hash([.. Generation.Id.ToArray(), (byte)member]).ToArray();
            _seeds.Add((Generation.Id, member), seed);
        }

        return seed;
    }

    public Scalar? Share(int member) => _shares.TryGetValue(member, out Scalar share) ? share : null;

    /// <summary>Takes the finished shares into keeping, as the holders would.</summary>
    public Dictionary<int, Scalar> Keep()
    {
        _shares.Clear();
        for (int member = 0; member < Participants.Length; member++)
        {
            if (Registry.View.Key is { } key && Participants[member].FinalShare(key, Registry.Dealt!, Seed(member), out _) is { } share)
            {
                _shares.Add(member, share);
            }
        }

        return new Dictionary<int, Scalar>(_shares);
    }

    /// <summary>That any threshold of the kept shares makes the signature of the group, and fewer do not.</summary>
    public void AssertSigns(SharedKeyOutcome outcome, params int[] members)
    {
        int[] indices = [.. members.Select(member => outcome.PlaceOf(Identities[member]) + 1)];
        var weights = new Scalar[members.Length];
        Assert.Equal(SharingRefusal.None, Lagrange.TryWeights(indices, weights));
        Scalar secret = Scalar.Zero;
        for (int i = 0; i < members.Length; i++)
        {
            secret += weights[i] * _shares[members[i]];
        }

        bool signs = G2Point.Multiply(G2Point.Generator, secret) == outcome.Commitments!.GroupKey;
        Assert.Equal(members.Length >= outcome.Threshold, signs);
    }

    public static (int, BlameReason)[] Names(SharedKeyOutcome outcome) => [.. outcome.Blamed.Select(blame => (blame.Place, blame.Reason))];
}
