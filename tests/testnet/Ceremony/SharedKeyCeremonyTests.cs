using System.Collections.Immutable;
using Bft.Crypto.Bls12381;
using Bft.Crypto.KeyStore;
using Bft.Engine;
using Bft.Engine.SharedKeys;
using Bft.Testnet.Ceremony;
using Bft.Testnet.Homes;
using Bft.Testnet.KeyGeneration;
using Bft.Testnet.Node;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Ceremony;

/// <summary>A chain of a key that a consortium generated: genesis from public things, homes out of the present homes, and what is refused on the way.</summary>
public sealed class SharedKeyCeremonyTests : IDisposable
{
    private const int Nodes = 4;

    private readonly TemporaryDirectory _directory = new();
    private readonly Genesis _present;
    private readonly NodeSettings[] _homes;
    private int _silent = -1;

    public SharedKeyCeremonyTests()
    {
        _present = KeyCeremony.Run(new CeremonyPlan { Nodes = Nodes, Development = true, Cost = KeyDerivationCost.Light }, Catalogue.OfEngine(), _directory["present"], DateTimeOffset.UnixEpoch);
        _homes = [.. Enumerable.Range(0, Nodes).Select(i => NodeSettings.Read(_directory[$"present/node-{i}"]))];
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Genesis_is_made_without_a_secret_and_each_home_brings_its_share()
    {
        SharedKeyOutcome outcome = Generate();
        Genesis genesis = Init(PublishedOf(2));
        Assert.Equal([_directory["next/genesis.json"]], Directory.GetFileSystemEntries(_directory["next"]));
        Assert.Equal(("bls-threshold", true, Nodes), (genesis.Scheme, genesis.Development, genesis.Validators.Length));
        Assert.Equal(outcome.Commitments!.GroupKey.ToBytes(), genesis.Commitments[0].ToArray());
        for (int i = 0; i < Nodes; i++)
        {
            (HomeLayout home, int validator, _) = Adopt(i);
            Assert.Equal((i, _directory[$"next/node-{i}"]), (validator, home.Root));
            NodeSettings settings = NodeSettings.Read(home.Root);
            using ValidatorKeys keys = ValidatorKeys.Open(settings);
            Assert.Equal(outcome.ShareKey(i), keys.Consensus.PublicKey.ToArray());
            Assert.Equal(_present.Validators[i].IdentityKey.ToArray(), keys.Identity.PublicKey.ToArray());
            Assert.NotEqual(_homes[i].Config.Passphrase.Read(_homes[i].Home), settings.Config.Passphrase.Read(home));
            Assert.False(SignedMark.Exists(VotingMarks.KeyDirectory(settings)));
            Assert.Equal(BlsRefusal.None, BlsSchemes.MinimalSignatures.ReadKey(keys.Consensus.PublicKey.Span, out _));
        }
    }

    [Fact]
    public void A_share_goes_into_one_home_of_a_chain_and_no_second()
    {
        Generate();
        Init(PublishedOf(0));
        Adopt(0);
        CeremonyException again = Assert.Throws<CeremonyException>(() => Adopt(0, _directory["elsewhere"]));
        Assert.Contains("two homes with one key", again.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory["elsewhere"]));
    }

    [Fact]
    public void Commitments_that_fit_ones_own_share_and_are_not_those_of_the_chain_are_refused()
    {
        Generate();
        PublishedKey key = PublishedOf(0);

        // As a dishonest maker of genesis could: another polynomial that has the same value at index 1, + (x - 1) g, and its share keys.
        ImmutableArray<ImmutableArray<byte>> forged = [.. key.Commitments.Select((point, k) => k > 1 ? point : Shift(point, k == 0))];
        PublishedKey other = key with { Commitments = forged };
        Assert.Equal(key.ReadCommitments("").KeyAt(1), other.ReadCommitments("").KeyAt(1));
        Init(other);
        CeremonyException refused = Assert.Throws<CeremonyException>(() => Adopt(0));
        Assert.Contains("not the key that this home's chain made", refused.Message, StringComparison.Ordinal);
        Assert.Equal([_directory["next/genesis.json"]], Directory.GetFileSystemEntries(_directory["next"]));
        Assert.Empty(Directory.GetFiles(_directory["present/node-0"], "adopted-*"));
    }

    [Fact]
    public void Members_in_another_order_another_chain_and_another_scheme_are_refused()
    {
        Generate();
        PublishedKey key = PublishedOf(0);
        Init(key);
        Genesis genesis = GenesisFile.Read(_directory["next/genesis.json"]);
        GenesisValidator[] validators = [.. genesis.Validators];
        (validators[2], validators[3]) = (validators[2] with { IdentityKey = validators[3].IdentityKey }, validators[3] with { IdentityKey = validators[2].IdentityKey });
        GenesisFile.Write(_directory["next/genesis.json"], genesis with { Validators = [.. validators] });
        Assert.Contains("not the members", Assert.Throws<CeremonyException>(() => Adopt(0)).Message, StringComparison.Ordinal);

        GenesisFile.Write(_directory["next/genesis.json"], genesis with { Validators = [.. genesis.Validators.Select((one, i) => i == 1 ? one with { TlsPin = _present.ChainId } : one)] });
        Assert.Contains("TLS key", Assert.Throws<CeremonyException>(() => Adopt(1)).Message, StringComparison.Ordinal);

        GenesisFile.Write(_directory["next/genesis.json"], _present);
        Assert.Contains("\"ed25519\"", Assert.Throws<CeremonyException>(() => Adopt(0)).Message, StringComparison.Ordinal);

        Genesis stranger = KeyCeremony.Run(new CeremonyPlan { Nodes = Nodes, Development = true, Cost = KeyDerivationCost.Light }, Catalogue.OfEngine(), _directory["strangers"], DateTimeOffset.UnixEpoch);
        Assert.Contains("this genesis is of chain", Assert.Throws<CeremonyException>(() => Init(key, stranger, "other")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_which_a_member_has_no_share_begins_no_chain()
    {
        _silent = 3;
        Generate();
        Assert.Contains("member 3 hold no share", Assert.Throws<CeremonyException>(() => Init(PublishedOf(0))).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory["next"]));
    }

    [Fact]
    public void A_home_without_its_share_and_one_that_took_no_part_are_refused()
    {
        Generate();
        Init(PublishedOf(0));
        File.Delete(_directory["present/node-1/shared-key.json"]);
        Assert.Contains("holds no share", Assert.Throws<CeremonyException>(() => Adopt(1)).Message, StringComparison.Ordinal);
        File.Delete(_directory["present/node-2/shared-key.public.json"]);
        Assert.Contains("no such file", Assert.Throws<HomeException>(() => Adopt(2)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"threshold\": 3", "\"threshold\": 2")]
    [InlineData("\"format\": 1", "\"format\": 2")]
    [InlineData("\"holdsShare\": true", "\"holdsShare\": true, \"secret\": 1")]
    [InlineData("\"groupKey\": \"", "\"groupKey\": \"00")]
    [InlineData("\"generation\": \"", "\"generation\": \"zz")]
    [InlineData("\"commitments\": [", "\"commitments\": [\"00\",")]
    [InlineData("\"members\": [", "\"members\": [7,")]
    [InlineData("{", "[")]
    public void A_public_file_that_was_changed_is_refused_with_its_field(string from, string to)
    {
        Generate();
        string file = _directory["present/node-0/shared-key.public.json"], text = File.ReadAllText(file);
        int at = text.IndexOf(from, StringComparison.Ordinal);
        Assert.True(at >= 0);
        File.WriteAllText(file, text[..at] + to + text[(at + from.Length)..]);
        Assert.Throws<HomeException>(() => PublishedOf(0));
    }

    private static ImmutableArray<byte> Shift(ImmutableArray<byte> point, bool constant)
    {
        Assert.Equal(BlsRefusal.None, G2Point.Read(point.AsSpan(), out G2Point read));
        return [.. (read + G2Point.Multiply(G2Point.Generator, constant ? -Scalar.One : Scalar.One)).ToBytes()];
    }

    private PublishedKey PublishedOf(int member) => PublishedKey.Read(_directory[$"present/node-{member}/shared-key.public.json"]);

    private Genesis Init(PublishedKey key, Genesis? present = null, string name = "next") =>
        SharedKeyCeremony.Run(new CeremonyPlan(), Catalogue.OfEngine(), key, present ?? _present, _directory[name], DateTimeOffset.UnixEpoch);

    private (HomeLayout Home, int Validator, Genesis Genesis) Adopt(int member, string? directory = null) =>
        HomeAdoption.Run(_homes[member], _directory["next/genesis.json"], directory, null, KeyDerivationCost.Light);

    // The validators of the present homes make a key over a log in memory.
    private SharedKeyOutcome Generate()
    {
        Chain chain = _present.ToChain();
        var registry = new SharedKeyRegistry(chain, _present.Identities);
        var pool = new List<byte[]>();
        ValidatorKeys[] keys = [.. _homes.Select(ValidatorKeys.Open)];
        GenerationMember[] members = [.. Enumerable.Range(0, Nodes).Select(i => new GenerationMember(
            chain,
            registry,
            keys[i].Identity,
            new SharedKeyStore(_homes[i].Home, VotingMarks.KeyDirectory(_homes[i]), _homes[i].Config.Passphrase, KeyDerivationCost.Light),
            command =>
            {
                if (i != _silent)
                {
                    pool.Add(command);
                }

                return true;
            },
            (_, _) => { }))];
        var call = new GenerationCall(0, GenerationCall.LeastPhaseBlocks(chain.Committee), default, 0, default, []);
        pool.AddRange(Enumerable.Range(0, 2).Select(i => new GenerationParticipant(chain, keys[i].Identity).Call(i, call, default)));
        for (ulong height = 1; height < 100 && registry.View.Key is null; height++)
        {
            byte[][] commands = [.. pool];
            pool.Clear();
            foreach (byte[] command in commands)
            {
                registry.Execute(new Height(height), command);
            }

            registry.EndHeight(new Height(height));
            foreach (GenerationMember member in members)
            {
                member.AfterBlock(new Height(height));
            }
        }

        foreach (ValidatorKeys one in keys)
        {
            one.Dispose();
        }

        return registry.View.Key!;
    }
}
