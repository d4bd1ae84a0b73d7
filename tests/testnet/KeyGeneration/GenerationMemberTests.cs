using Bft.Crypto;
using Bft.Crypto.Bls12381;
using Bft.Crypto.KeyStore;
using Bft.Crypto.Signatures;
using Bft.Crypto.Threshold;
using Bft.Engine;
using Bft.Engine.SharedKeys;
using Bft.Testnet.Homes;
using Bft.Testnet.KeyGeneration;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.KeyGeneration;

/// <summary>A validator's part in a generation over crashes: what it keeps before it speaks, and what it erases afterwards.</summary>
public sealed class GenerationMemberTests : IDisposable
{
    private const int Nodes = 4;

    private readonly TemporaryDirectory _directory = new();
    private readonly Chain _chain = new(HashFunction.Sha256.Hash("members"u8), "test", new Committee(Nodes), HashFunction.Sha256);
    private readonly ISigner[] _signers = [.. Enumerable.Range(0, Nodes).Select(i => Ed25519Scheme.Instance.CreateSigner([.. Enumerable.Repeat((byte)(i + 1), 32)]))];
    private readonly SharedKeyRegistry _registry;
    private readonly GenerationMember[] _members = new GenerationMember[Nodes];
    private readonly SharedKeyStore[] _stores = new SharedKeyStore[Nodes];
    private readonly List<byte[]> _pool = [];
    private Height _height;

    public GenerationMemberTests()
    {
        _registry = new SharedKeyRegistry(_chain, [.. _signers.Select(signer => signer.PublicKey)]);
        for (int i = 0; i < Nodes; i++)
        {
            Directory.CreateDirectory(DirectoryOf(i));
            File.WriteAllText(Path.Combine(DirectoryOf(i), "passphrase"), "secret");
            _stores[i] = new SharedKeyStore(HomeLayout.At(DirectoryOf(i)), DirectoryOf(i), new PassphraseSource.FromFile("passphrase"), KeyDerivationCost.Light);
            Restart(i);
        }
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_validator_that_is_restarted_at_every_height_says_nothing_twice_differently_and_has_its_share()
    {
        Call(default);
        for (int i = 0; i < 20 && _registry.Generation!.IsRunning; i++)
        {
            Restart(1);
            _members[1].AfterBlock(_height);
            Block();
        }

        SharedKeyOutcome outcome = _registry.View.Key!;
        Assert.Empty(outcome.Blamed);
        for (int i = 0; i < Nodes; i++)
        {
            Scalar share = _stores[i].Share(outcome.Generation)!.Value;
            Assert.Equal(SharingRefusal.None, outcome.Commitments!.Check(i + 1, share));
            Assert.Null(_stores[i].Seed(outcome.Generation));
        }
    }

    [Fact]
    public void A_validator_that_lost_its_seed_deals_nothing_and_is_blamed_as_silent()
    {
        Call(default);
        Block();
        Assert.Equal(GenerationPhase.Dealing, _registry.Generation!.Phase);
        _pool.RemoveAll(command => SharedKeyMessage.Decode(command, out _)!.Sender == 2);
        _stores[2].EraseSeed(_registry.Generation.Id);
        Restart(2);
        _members[2].AfterBlock(_height);
        Run();
        Assert.Contains(new Blame(false, 2, BlameReason.NoDealing), _registry.View.Key!.Blamed);
        Assert.Empty(_stores[2].Kept());
        Assert.Single(_stores[0].Kept());
    }

    [Fact]
    public void A_seed_that_the_announced_key_does_not_follow_from_is_not_used()
    {
        Call(default);
        Block();
        _pool.RemoveAll(command => SharedKeyMessage.Decode(command, out _)!.Sender == 2);
        _stores[2].EraseSeed(_registry.Generation!.Id);
        _stores[2].KeepSeed(_registry.Generation.Id, [.. Enumerable.Repeat((byte)9, 32)]);
        Restart(2);
        _members[2].AfterBlock(_height);
        Assert.DoesNotContain(_pool, command => SharedKeyMessage.Decode(command, out _)!.Sender == 2);
    }

    [Fact]
    public void A_dealer_who_gets_no_share_and_lost_its_seed_does_not_deal_from_another()
    {
        Call(default);
        Run();
        Call(_registry.View.Key!.Generation, receivers: [0, 1, 2]);
        Block();
        Assert.Equal(GenerationPhase.Dealing, _registry.Generation!.Phase);
        Assert.Equal(1, _pool.RemoveAll(command => SharedKeyMessage.Decode(command, out _)!.Sender == 3));
        _stores[3].EraseSeed(_registry.Generation.Id);
        Restart(3);
        _members[3].AfterBlock(_height);
        Assert.DoesNotContain(_pool, command => SharedKeyMessage.Decode(command, out _)!.Sender == 3);
    }

    [Fact]
    public void Resharing_keeps_the_old_share_until_the_new_one_is_in_effect_and_erases_it_then()
    {
        Call(default);
        Run();
        SharedKeyOutcome first = _registry.View.Key!;
        Call(first.Generation, effectAfter: 3);
        Run();
        SharedKeyOutcome second = _registry.View.Key!;
        Assert.Equal(first.Commitments!.GroupKey, second.Commitments!.GroupKey);
        Assert.Equal(2, _stores[0].Kept().Length);
        while (_height < second.EffectHeight)
        {
            Assert.NotNull(_stores[0].Share(first.Generation));
            Block();
        }

        Assert.All(_stores, store => Assert.Equal(SharedKeyStore.NameOf(second.Generation), Assert.Single(store.Kept())));
        Assert.Equal(SharingRefusal.None, second.Commitments.Check(1, _stores[0].Share(second.Generation)!.Value));
    }

    [Fact]
    public void Who_is_no_longer_a_holder_erases_its_share_when_the_new_ones_are_in_effect()
    {
        Call(default);
        Run();
        Call(_registry.View.Key!.Generation, receivers: [0, 1, 2]);
        Run();
        Block();
        Assert.Empty(_stores[3].Kept());
        Assert.Single(_stores[2].Kept());
    }

    [Fact]
    public void A_generation_that_waits_gets_a_tick_a_height_and_one_that_does_not_gets_none()
    {
        _members[0].Tick();
        _members[0].Tick();
        Assert.Empty(_pool);
        Call(default);
        _pool.Clear();
        _members[0].Tick();
        Assert.Empty(_pool);
        _members[0].Tick();
        Assert.Equal(SharedKeyMessageKind.Tick, SharedKeyMessage.Decode(Assert.Single(_pool), out _)!.Kind);
        Assert.Equal(SharedKeyCodes.Ok, _registry.Execute(_height.Next(), _pool[0]));
    }

    private string DirectoryOf(int member) => _directory[$"node-{member}"];

    private void Restart(int member) => _members[member] = new GenerationMember(_chain, _registry, _signers[member], _stores[member], Submit, (name, content) => Assert.True(name == "sharedKey", content.ToString()));

    private bool Submit(byte[] command)
    {
        // Nothing is said that a crash in this moment could make a member say differently.
        SharedKeyMessage said = SharedKeyMessage.Decode(command, out _)!;
        if (said.Kind == SharedKeyMessageKind.Announce)
        {
            Assert.NotNull(_stores[said.Sender].Seed(said.Generation));
        }

        _pool.Add(command);
        return true;
    }

    private void Call(Digest reshares, int effectAfter = 0, params int[] receivers)
    {
        var call = new GenerationCall(0, GenerationCall.LeastPhaseBlocks(_chain.Committee), default, effectAfter, reshares, [.. receivers.Select(i => _signers[i].PublicKey)]);
        for (int i = 0; i < 2; i++)
        {
            _pool.Add(new GenerationParticipant(_chain, _signers[i]).Call(i, call, _registry.View.Last));
        }

        Block();
    }

    private void Run()
    {
        for (int i = 0; i < 60 && _registry.Generation!.IsRunning; i++)
        {
            Block();
        }

        Assert.Equal(GenerationPhase.Done, _registry.Generation!.Phase);
    }

    private void Block()
    {
        _height = _height.Next();
        byte[][] commands = [.. _pool];
        _pool.Clear();
        foreach (byte[] command in commands)
        {
            _registry.Execute(_height, command);
        }

        _registry.EndHeight(_height);
        foreach (GenerationMember member in _members)
        {
            member.AfterBlock(_height);
        }
    }
}
